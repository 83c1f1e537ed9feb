public import NIOCore
public import Wire

/// Maps methods of the mesh ("mesh.…") and services to their handlers. Immutable: made once, read on every loop.
public struct ServiceTable: StreamAcceptor {
    private let methods: [String: ServiceHandler]
    private let services: [String: ServiceHandler]

    public init(methods: [String: ServiceHandler] = [:], services: [String: ServiceHandler] = [:]) {
        self.methods = methods
        self.services = services
    }

    /// The handler for `head`; `nil` where there is none.
    public func handler(for head: Head) -> ServiceHandler? {
        head.method.isEmpty ? services[head.service] : methods[head.method]
    }

    public func accept(_ head: Head, from peer: PeerInfo, stream: any ServerStream) -> any CallReceiver {
        if let handler = handler(for: head) { return handler.accept(head, from: peer, stream: stream) }
        let what = head.method.isEmpty ? "service \(head.service)" : "method \(head.method)"
        stream.fail(CallError(.notFound, "no \(what) here"))  // MSG-1.5
        return DroppedReceiver()
    }
}

/// Hears what comes on a call that was refused already.
public final class DroppedReceiver: CallReceiver {
    public init() {}
    public func callReceived(head: Head) {}
    public func callReceived(data: ByteBuffer) {}
    public func callReceivedEnd() {}
    public func callFailed(_ error: CallError) {}
    public func callBecameWritable() {}
}
