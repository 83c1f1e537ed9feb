/// What both sides of a datagram handshake have in common: how an initiation and a response are laid out.
///
///     initiation: header || u32 sender || Noise message 1 || mac1      exactly `Limits.datagram` bytes
///     response:   header || u32 sender || Noise message 2
enum DatagramLayout {
    /// The header and the sender's index: clear bytes, which the prologue covers.
    static let clear = DatagramHeader.length + 4
    /// Message 1 of IK apart from its payload: e, the sealed s, and the payload's tag.
    static let messageOverhead = 32 + 32 + 2 * Limits.tag
    static let payload = Limits.datagram - clear - messageOverhead - Limits.mac1

    /// Stands before the clear bytes of the initiation.
    private static let protocolName = Array("WM/1 draft".utf8)

    static func prologue(_ clear: some Collection<UInt8>) -> [UInt8] { protocolName + clear }

    static func clear(_ header: DatagramHeader, sender: UInt32) -> [UInt8] {
        var out = header.encoded
        out.appendInteger(sender)
        return out
    }
}

/// What a finished handshake leaves behind.
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
    /// What to send, and to send again: the same bytes (DGRAM-2.6).
    package let initiation: [UInt8]

    /// `index` names this handshake among those of this node, `order` must be greater than that of every one before it, `ephemeral`
    /// is 32 random bytes that are never used again. `certificate(.permissionDenied)` without a certificate.
    package init(
        credentials: NodeCredentials, responder: StaticKey, index: UInt32, order: DatagramOrder, ephemeral: SecretBytes
    ) throws(WireError) {
        guard let certificate = credentials.certificate else { throw .certificate(.permissionDenied) }
        let clear = DatagramLayout.clear(DatagramHeader(.initiation), sender: index)
        let prologue = DatagramLayout.prologue(clear)  // DGRAM-2.2
        var keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        keys.remoteStatic = responder
        let payload = try DatagramHello(order: order, certificate: certificate).encoded(size: DatagramLayout.payload)  // DGRAM-2.1
        var state = try HandshakeState(.ik, suite: .chaChaPoly, role: .initiator, prologue: prologue, keys: keys)
        let flight = clear + (try state.write(payload))
        self.prologue = prologue
        self.keys = keys
        self.payload = payload
        self.index = index
        initiation = flight + Mac1.compute(meshID: credentials.meshID, over: flight).exposed
        noise = .some(state)
    }

    /// Takes a response. What is not one for this handshake throws and changes nothing: the true one may still come.
    package mutating func receive(_ datagram: [UInt8]) throws(WireError) -> DatagramKeys {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .response, header.receiver == index else { throw .badValue(header.kind.number) }  // DGRAM-3.4
        guard datagram.count >= DatagramLayout.clear else { throw .truncated }
        let peerIndex = try datagram.span.bytes.integer(UInt32.self, at: DatagramHeader.length)
        var state = try waiting()
        guard try state.read(Array(datagram.dropFirst(DatagramLayout.clear))).isEmpty else { throw .trailing }  // DGRAM-3.3
        return try DatagramKeys(finishing: state, peerIndex: peerIndex)
    }

    /// The state that waits for message 2: made again where a forged one has spoiled it (DGRAM-3.5).
    private mutating func waiting() throws(WireError) -> HandshakeState {
        if let noise = exchange(&noise, with: nil) { return noise }
        var state = try HandshakeState(.ik, suite: .chaChaPoly, role: .initiator, prologue: prologue, keys: keys)
        _ = try state.write(payload)
        return state
    }
}

/// The side that answers. It has no state before an initiation, and keeps none of one that it refuses.
package enum DatagramResponder {
    package struct Answer: ~Copyable {
        /// The one thing to be sent back, to where the initiation came from (DGRAM-3.1).
        package let response: [UInt8]
        package let keys: DatagramKeys
        package let certificate: Certificate
        /// To be remembered for this peer: its next initiation must be greater.
        package let order: DatagramOrder
    }

    /// Answers an initiation. `index` names the session among those of this node. `last` gives the greatest order that was seen of the
    /// node with a static key.
    ///
    /// Throws `truncated` and `oversized` for another size, `authentication` for a wrong mac1 or message, the certificate's errors,
    /// `certificate(.expired)`, and `replayed` for an order that is not above the last.
    package static func answer(
        _ datagram: [UInt8], credentials: NodeCredentials, index: UInt32, now: UnixTime, ephemeral: SecretBytes,
        last: (StaticKey) -> DatagramOrder?
    ) throws(WireError) -> Answer {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .initiation else { throw .badValue(header.kind.number) }
        guard datagram.count == Limits.datagram else { throw .truncated }  // DGRAM-2.1
        let flight = Array(datagram.dropLast(Limits.mac1))
        let mac = SecretBytes(datagram.suffix(Limits.mac1))
        guard mac.equals(Mac1.compute(meshID: credentials.meshID, over: flight)) else { throw .authentication }  // DGRAM-2.3
        guard credentials.certificate != nil else { throw .certificate(.permissionDenied) }
        let clear = flight.prefix(DatagramLayout.clear)
        let peerIndex = try flight.span.bytes.integer(UInt32.self, at: DatagramHeader.length)
        let keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        var noise = try HandshakeState(
            .ik, suite: .chaChaPoly, role: .responder, prologue: DatagramLayout.prologue(clear), keys: keys)
        let payload = try noise.read(Array(flight.dropFirst(DatagramLayout.clear)))
        let hello = try payload.decode(DatagramHello.init(decoding:))
        try check(hello.certificate, credentials: credentials, staticKey: noise.remoteStatic, now: now)
        if let last = last(hello.certificate.staticKey), hello.order <= last { throw .replayed }  // DGRAM-2.5
        let response = DatagramLayout.clear(DatagramHeader(.response, receiver: peerIndex), sender: index) + (try noise.write([]))
        return Answer(
            response: response, keys: try DatagramKeys(finishing: noise, peerIndex: peerIndex), certificate: hello.certificate,
            order: hello.order)
    }

    /// A member of this mesh, for the key that it has proven, whose time is not over (DGRAM-2.4).
    private static func check(
        _ certificate: Certificate, credentials: NodeCredentials, staticKey: StaticKey?, now: UnixTime
    ) throws(WireError) {
        try certificate.verify(authority: credentials.authority)
        guard certificate.staticKey == staticKey else { throw .authentication }
        guard !certificate.isExpired(at: now) else { throw .certificate(.expired) }
    }
}
