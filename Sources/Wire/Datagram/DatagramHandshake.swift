/// What a finished handshake leaves behind.
@frozen
package struct DatagramKeys: ~Copyable {
    package let handshakeHash: Bytes32
    package let peerIndex: UInt32
    package let peerStaticKey: StaticKey
    /// What the initiator's and the responder's datagrams are sealed with.
    package let initiatorKey, responderKey: SecretBytes

    init(finishing noise: consuming HandshakeState, peerIndex: UInt32) throws(WireError) {
        guard let staticKey = noise.remoteStatic else { throw .authentication }
        let hash = noise.handshakeHash
        let secrets = try noise.split().secrets
        handshakeHash = hash
        self.peerIndex = peerIndex
        peerStaticKey = staticKey
        (initiatorKey, responderKey) = secrets
    }
}

/// The side that begins. It knows the other's static key, from an answer that named it.
package struct DatagramInitiator: ~Copyable {
    private let prologue: [UInt8]
    private let keys: HandshakeKeys
    private let payload: [UInt8]
    private let index: UInt32
    /// Waits for message 2; absent once a forged one has spoiled it.
    private var noise: HandshakeState?
    /// What to send, and to send again: the same bytes but for mac2, which a cookie fills (DGRAM-2.6).
    package private(set) var initiation: [UInt8]

    /// `index` names this handshake among those of this node, `order` must be greater than that of every one before it, `ephemeral`
    /// is 32 random bytes that are never used again, `request` is what message 1 asks. `certificate(.permissionDenied)` without a
    /// certificate, `oversized` for a request that does not fit beside it.
    package init(
        credentials: NodeCredentials, responder: StaticKey, index: UInt32, order: DatagramOrder, ephemeral: SecretBytes,
        request: [UInt8]? = nil
    ) throws(WireError) {
        guard let certificate = credentials.certificate else { throw .certificate(.permissionDenied) }
        let clear = DatagramLayout.clear(DatagramHeader(.initiation), sender: index)
        let prologue = DatagramLayout.prologue(clear)  // DGRAM-2.2
        var keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        keys.remoteStatic = responder
        let payload = try DatagramHello(order: order, certificate: certificate, request: request).encoded()  // DGRAM-2.1
        var state = try HandshakeState(.ik, suite: .chaChaPoly, role: .initiator, prologue: prologue, keys: keys)
        let flight = clear + (try state.write(payload))
        self.prologue = prologue
        self.keys = keys
        self.payload = payload
        self.index = index
        let mac1 = Mac1.compute(meshID: credentials.meshID, over: flight).exposed
        initiation = flight + mac1 + [UInt8](repeating: 0, count: Limits.mac1)  // DGRAM-5.1
        noise = .some(state)
    }

    /// Takes a response: the keys, and what it says. One that is not for this handshake throws and changes nothing: the true one may
    /// still come. Whose certificate it shows, and whether it is one of this mesh, is for the caller to check.
    package mutating func receive(_ datagram: [UInt8]) throws(WireError) -> Answer {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .response, header.receiver == index else { throw .badValue(header.kind.number) }  // DGRAM-3.4
        guard datagram.count >= DatagramLayout.clear else { throw .truncated }
        let peerIndex = try datagram.span.bytes.integer(UInt32.self, at: DatagramHeader.length)
        var state = try waiting()
        let payload = try state.read(Array(datagram.dropFirst(DatagramLayout.clear)))
        let welcome = try payload.decode(DatagramWelcome.init(decoding:))  // DGRAM-3.9
        return Answer(keys: try DatagramKeys(finishing: state, peerIndex: peerIndex), welcome: welcome)
    }

    /// What a response gives.
    @frozen package struct Answer: ~Copyable {
        package let keys: DatagramKeys
        package let welcome: DatagramWelcome
    }

    /// Takes the cookie of a responder under load: from now on `initiation` carries mac2. What is not one for this initiation throws.
    package mutating func receiveCookie(_ datagram: [UInt8]) throws(WireError) {
        guard let responder = keys.remoteStatic else { throw .authentication }
        let cookie = try DatagramCookie.open(datagram, for: initiation, index: index, responder: responder)
        initiation = DatagramCookie.apply(cookie, to: initiation)
    }

    /// The same with a cookie that is known already.
    package mutating func use(_ cookie: SecretBytes) { initiation = DatagramCookie.apply(cookie, to: initiation) }

    /// The state that waits for message 2: made again where a forged one has spoiled it (DGRAM-3.5).
    private mutating func waiting() throws(WireError) -> HandshakeState {
        if let noise = exchange(&noise, with: nil) { return noise }
        var state = try HandshakeState(.ik, suite: .chaChaPoly, role: .initiator, prologue: prologue, keys: keys)
        _ = try state.write(payload)
        return state
    }
}

/// The side that answers, between message 1 and message 2. Nothing exists of an initiation that was refused.
package struct DatagramResponder: ~Copyable {
    private var noise: HandshakeState
    private let certificate: Certificate
    private let peerIndex: UInt32
    /// What the initiator says of itself, checked.
    package let hello: DatagramHello

    /// Whether an initiation has its size and the mac1 of this mesh: the checks that cost no curve operation. Its mac1.
    ///
    /// Throws `truncated` and `oversized` for another size, `authentication` for a wrong mac1.
    package static func filter(_ datagram: [UInt8], meshID: MeshID) throws(WireError) -> UInt128 {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .initiation else { throw .badValue(header.kind.number) }
        guard datagram.count == Limits.datagram else { throw .truncated }  // DGRAM-2.1
        let mac = SecretBytes(datagram[DatagramLayout.mac1..<DatagramLayout.mac2])
        let flight = Array(datagram.prefix(DatagramLayout.mac1))
        guard mac.equals(Mac1.compute(meshID: meshID, over: flight)) else { throw .authentication }  // DGRAM-2.3
        return try datagram.span.bytes.integer(UInt128.self, at: DatagramLayout.mac1)
    }

    /// Reads an initiation that `filter` has let through. `last` gives the greatest order that was seen of the node with a static key,
    /// `isVerified` whether a certificate was verified before.
    ///
    /// Throws `authentication` for a wrong message, the certificate's errors, `certificate(.expired)`, and `replayed` for an order
    /// that is not above the last.
    package init(
        _ datagram: [UInt8], credentials: NodeCredentials, now: UnixTime, ephemeral: SecretBytes,
        isVerified: (Certificate) -> Bool = { _ in false }, last: (StaticKey) -> DatagramOrder?
    ) throws(WireError) {
        guard let certificate = credentials.certificate else { throw .certificate(.permissionDenied) }
        guard datagram.count == Limits.datagram else { throw .truncated }
        let clear = datagram.prefix(DatagramLayout.clear)
        let peerIndex = try datagram.span.bytes.integer(UInt32.self, at: DatagramHeader.length)
        let keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        var noise = try HandshakeState(
            .ik, suite: .chaChaPoly, role: .responder, prologue: DatagramLayout.prologue(clear), keys: keys)
        let payload = try noise.read(Array(datagram[DatagramLayout.clear..<DatagramLayout.mac1]))
        let hello = try payload.decode(DatagramHello.init(decoding:))
        try hello.certificate.check(
            credentials: credentials, staticKey: noise.remoteStatic, now: now, isVerified: isVerified(hello.certificate))  // DGRAM-2.4
        if let last = last(hello.certificate.staticKey), hello.order <= last { throw .replayed }  // DGRAM-2.5
        self.noise = noise
        self.certificate = certificate
        self.peerIndex = peerIndex
        self.hello = hello
    }

    /// The one thing to be sent back, to where the initiation came from (DGRAM-3.1), and the keys. `index` names the session among
    /// those of this node. `oversized` for an answer that does not fit beside the certificate.
    package consuming func finish(index: UInt32, answer: [UInt8]?) throws(WireError) -> Response {
        let payload = try DatagramWelcome(certificate: certificate, answer: answer).encoded()
        let header = DatagramHeader(.response, receiver: peerIndex)
        let response = DatagramLayout.clear(header, sender: index) + (try noise.write(payload))
        return Response(datagram: response, keys: try DatagramKeys(finishing: noise, peerIndex: peerIndex))
    }

    @frozen package struct Response: ~Copyable {
        package let datagram: [UInt8]
        package let keys: DatagramKeys
    }
}

extension Certificate {
    /// A member of this mesh, for the key that it has proven, whose time is not over. The signature is not looked at where
    /// `isVerified` says that it was good before.
    package func check(
        credentials: NodeCredentials, staticKey: StaticKey?, now: UnixTime, isVerified: Bool = false
    ) throws(WireError) {
        if !isVerified { try verify(authority: credentials.authority) }
        guard self.staticKey == staticKey else { throw .authentication }
        guard !isExpired(at: now) else { throw .certificate(.expired) }
    }
}
