import Logging
import NIOCore
import Synchronization
import Transport
import Wire

/// The mesh's own methods, as members and joiners call them.
extension CoordinatorCore {
    /// Every method with its handler.
    func methods() -> ServiceTable {
        ServiceTable(methods: [
            MeshMethod.enrol: .async { [self] call in try await enrol(call) },
            MeshMethod.renew: .async { [self] call in try await renew(call) },
            MeshMethod.register: inline(register),
            MeshMethod.load: inline(load),
            MeshMethod.drain: inline { (core, _, member) in core.update { _ = $0.drain(member.name) } },
            MeshMethod.leave: inline { (core, _, member) in core.update { $0.leave(member.nodeID) } },
            MeshMethod.list: inline(list),
            MeshMethod.discover: inline(discover),
            MeshMethod.resolve: inline(resolve),
            MeshMethod.watch: .raw { [self] _, peer, stream in watch(peer, stream) },
            MeshMethod.ping: .inline { _, _, _ in (Head(), ByteBuffer()) },  // MSG-1.6
            MeshMethod.dht: .dht { [self] in await dht.withLock { $0 }?.answer($0, from: $1) },
        ])
    }

    // MARK: Workers

    private func register(_ body: [UInt8], _ member: Registry.Member) throws(CallError) -> [UInt8] {
        let registration = try decode(Registration.self, body)
        let accepted = try withRegistry { (registry) throws(CallError) in
            try registry.register(member, registration, now: .now(), wall: .wallMicroseconds())
        }
        return try encode(accepted)
    }

    private func load(_ body: [UInt8], _ member: Registry.Member) throws(CallError) -> [UInt8] {
        let report = try decode(LoadUpdate.self, body)
        update { $0.report(report, from: member.nodeID, now: .now()) }
        return []
    }

    // MARK: Discovery

    private func list(_ body: [UInt8], _ member: Registry.Member) throws(CallError) -> [UInt8] {
        try encode(ServiceList(services: registry.withLock { $0.list() }))
    }

    private func discover(_ body: [UInt8], _ member: Registry.Member) throws(CallError) -> [UInt8] {
        let request = try decode(DiscoverRequest.self, body)
        let limit = request.limit == 0 ? Limits.discoverSample : Int(request.limit)
        return try registry.withLock { (registry) throws(CallError) in
            do throws(WireError) { return try registry.encodedDiscover(request.service, limit: limit, now: .now()) } catch {
                throw CallError(unsayable: error)
            }
        }
    }

    private func resolve(_ body: [UInt8], _ member: Registry.Member) throws(CallError) -> [UInt8] {
        let name = try decode(ResolveRequest.self, body).name
        guard let record = registry.withLock({ $0.resolve(name, now: .now()) }) else {
            throw CallError(.notFound, "there is no worker \(name)")  // MSG-5.2
        }
        return try encode(record)
    }

    private func watch(_ peer: PeerInfo, _ stream: any ServerStream) -> any CallReceiver {
        do throws(CallError) { _ = try member(peer) } catch {
            stream.fail(error)
            return DroppedReceiver()
        }
        return WatchServing(self, stream: stream)
    }

    // MARK: Certificates

    private func enrol(_ call: AsyncCall) async throws(CallError) {
        guard let peer = call.peer, let token = peer.token else {  // TOKEN-3.4
            throw CallError(.permissionDenied, "mesh.enrol needs a link that a join token has opened")
        }
        let request = try decode(EnrolRequest.self, Array(buffer: try await call.collect(limit: Limits.handshakeMessage)))
        let signed = EnrolRequest.signedBytes(handshakeHash: peer.handshakeHash, name: request.name)
        guard request.identityKey.verifies(request.signature, .enrolment, signed) else {  // TOKEN-4.1
            throw CallError(.authentication, "the request is not signed by the key that it names")
        }
        let joiner = Admission.Joiner(token: token, staticKey: peer.staticKey, address: peer.address)
        let certificate = try await membership.enrol(request, joiner, now: .wallClock(), report: tell)
        logger.info("admitted", metadata: ["worker": "\(certificate.name)", "node": "\(certificate.nodeID)", "from": "\(peer.address)"])
        try await answer(call, certificate)
    }

    private func renew(_ call: AsyncCall) async throws(CallError) {
        guard let peer = call.peer, let certificate = peer.certificate else {  // TOKEN-3.3
            throw CallError(.permissionDenied, "only a member has a certificate to renew")
        }
        let request = try decode(RenewRequest.self, Array(buffer: try await call.collect(limit: Limits.handshakeMessage)))
        try await answer(call, try await membership.renew(certificate, features: request.features, now: .wallClock()))
    }

    private func answer(_ call: AsyncCall, _ certificate: Certificate) async throws(CallError) {
        let answer = EnrolAnswer(certificate: certificate.encoded, coordinators: coordinators.withLock { $0 })
        var head = Head()
        head.status = 200
        call.respond(head)
        try await call.write(ByteBuffer(bytes: try encode(answer)))
    }

    // MARK: Parts

    /// A method that members call, answered on the link's loop once its request is whole.  // MSG-1.7
    private func inline(
        _ body: @escaping @Sendable ([UInt8], Registry.Member) throws(CallError) -> [UInt8]
    ) -> ServiceHandler {
        .inline { [self] (_, request, peer) throws(CallError) in
            (Head(), ByteBuffer(bytes: try body(Array(buffer: request), try member(peer))))
        }
    }

    /// A method without an answer of its own.
    private func inline(_ body: @escaping @Sendable (CoordinatorCore, [UInt8], Registry.Member) -> Void) -> ServiceHandler {
        inline { [self] (request, member) throws(CallError) in
            body(self, request, member)
            return []
        }
    }

    /// The member behind a link. A joiner is none, and one whose certificate has expired may only renew it.
    private func member(_ peer: PeerInfo) throws(CallError) -> Registry.Member {
        guard let nodeID = peer.nodeID else { throw CallError(.permissionDenied, "a joiner may only enrol") }  // TOKEN-3.3
        guard !peer.isExpired else { throw CallError(.expired, "the certificate has expired: renew it with mesh.renew") }  // HS-9.4
        return Registry.Member(name: peer.name, nodeID: nodeID, roles: peer.roles, features: peer.features, observed: peer.address)
    }
}

private func decode<M: WireMessage>(_: M.Type, _ bytes: [UInt8]) throws(CallError) -> M {
    do { return try M(bytes) } catch { throw CallError(.badRequest, "the request cannot be read: \(error)") }  // MSG-1.4
}

private func encode(_ message: some WireMessage) throws(CallError) -> [UInt8] {
    do { return try message.encode() } catch { throw CallError(unsayable: error) }
}

extension CallError {
    /// An answer that does not fit its limits.
    fileprivate init(unsayable error: WireError) { self.init(.internalError, "the answer cannot be encoded: \(error)") }
}
