import NIOCore
import Wire

extension ServiceHandler {
    /// The method `mesh.dht`: a request of the DHT over a link, and its answer. `answer` gives `nil` for what cannot be read, and where
    /// this node is not in the DHT.
    public static func dht(_ answer: @escaping @Sendable ([UInt8], PeerInfo) async -> [UInt8]?) -> ServiceHandler {
        .async { call in
            let request = [UInt8](try await call.collect(limit: Limits.dhtMessage).readableBytesView)
            guard let peer = call.peer, let bytes = await answer(request, peer) else {
                throw CallError(.badRequest, "this node cannot answer the request of the DHT")
            }
            var head = Head()
            head.status = 200
            call.respond(head)
            try await call.write(ByteBuffer(bytes: bytes))
        }
    }
}
