/// The accepting side of a link's handshake. No I/O: bytes in, bytes out.
///
/// `receive` until it says `established`. Any error ends the attempt: close the connection and say nothing.
/// Until a peer has proven itself, this holds one message of at most `Limits.handshakeMessage` bytes for it.
public struct LinkResponder: ~Copyable {
    /// What `receive` leads to.
    public enum Step: ~Copyable, Sendable {
        /// The next message is not here in full yet.
        case needMore
        /// Send these bytes and go on receiving.
        case send([UInt8])
        /// The peer has proven itself. Whether it may stay is the admission's to say.
        case established(LinkKeys)
    }

    private enum State: ~Copyable {
        case awaitingFirst
        case awaitingLast(HandshakeState, Preface, TokenID?)
        case finished
    }

    private let credentials: NodeCredentials
    private let parameters: LinkParameters
    private let now: UnixTime
    private let ephemeral: SecretBytes
    private let tokenSecret: (TokenID) -> SecretBytes?
    /// What this side says that it can run; the machine's own suites unless a test vector says otherwise.
    package var offered = Suite.available
    private var state = State.awaitingFirst
    private var inbox = HandshakeInbox()

    /// `ephemeral` is 32 random bytes that are never used again. `tokenSecret` gives the 32 bytes of a known token; a node that
    /// enrols nobody returns `nil`.
    public init(
        credentials: NodeCredentials, parameters: LinkParameters, now: UnixTime, ephemeral: SecretBytes,
        tokenSecret: @escaping (TokenID) -> SecretBytes?
    ) {
        self.credentials = credentials
        self.parameters = parameters
        self.now = now
        self.ephemeral = ephemeral
        self.tokenSecret = tokenSecret
    }

    /// Takes what the initiator sent. After an error or `established`, everything throws.
    public mutating func receive(_ bytes: [UInt8]) throws(WireError) -> Step {
        var rest = bytes[...]
        switch exchange(&state, with: .finished) {
        case .finished: throw .streamState
        case .awaitingFirst: return try receiveFirst(&rest)
        case .awaitingLast(let noise, let preface, let token): return try receiveLast(&rest, noise, preface, token)
        }
    }

    /// Preface, clear bytes, message 1, mac1. The mac is checked before anything that costs a curve operation.
    private mutating func receiveFirst(_ rest: inout ArraySlice<UInt8>) throws(WireError) -> Step {
        guard inbox.fill(to: Preface.length, from: &rest) else { return needMoreOfFirst() }
        let preface = try Preface(decoding: inbox.bytes.prefix(Preface.length))
        guard preface.suite.isAvailable else { throw .badPreface }  // HS-2.1
        let clearEnd = Preface.length + preface.pattern.clearLength
        guard let range = try inbox.message(at: clearEnd, trailer: Mac1.length, from: &rest) else { return needMoreOfFirst() }
        // Nothing may follow before the initiator has seen message 2.
        guard rest.isEmpty else { throw .trailing }  // HS-4.3
        let flight = inbox.bytes
        inbox.clear()
        let mac = SecretBytes(flight[range.upperBound...])
        guard mac.equals(Mac1.compute(meshID: credentials.meshID, over: Array(flight[..<range.upperBound]))) else {  // HS-4.1
            throw .authentication
        }
        return try answer(Array(flight[range]), preface: preface, clear: Array(flight[Preface.length..<clearEnd]))
    }

    private mutating func needMoreOfFirst() -> Step {
        state = .awaitingFirst
        return .needMore
    }

    private mutating func answer(_ message: [UInt8], preface: Preface, clear: [UInt8]) throws(WireError) -> Step {
        guard let certificate = credentials.certificate else { throw .certificate(.permissionDenied) }  // HS-7.6
        // An unknown token is turned away before any curve operation as well.
        let token = TokenID(clear)
        var psks: [SecretBytes] = []
        if preface.pattern == .enrolment {
            guard let token, let secret = tokenSecret(token) else { throw .authentication }  // TOKEN-3.2
            psks = [secret]  // HS-3.2
        }
        var keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        keys.psks = psks
        var noise = try HandshakeState(
            preface.pattern.noise, suite: preface.suite, role: .responder, prologue: preface.prologue(clear: clear), keys: keys)
        guard try noise.read(message).isEmpty else { throw .trailing }  // HS-3.5
        let payload = HandshakePayload(preface: preface, suites: offered, parameters: parameters, certificate: certificate)
        let reply = try HandshakeInbox.framed(try noise.write(try payload.encoded()))
        state = .awaitingLast(noise, preface, token)
        return .send(reply)
    }

    private mutating func receiveLast(
        _ rest: inout ArraySlice<UInt8>, _ noise: consuming HandshakeState, _ preface: Preface, _ token: TokenID?
    ) throws(WireError) -> Step {
        guard let range = try inbox.message(at: 0, from: &rest) else {
            state = .awaitingLast(noise, preface, token)
            return .needMore
        }
        let peer = try (try noise.read(Array(inbox.bytes[range]))).decode(HandshakePayload.init(decoding:))
        inbox.clear()
        try peer.checkOffer(preface)
        try check(peer.certificate, preface: preface, staticKey: noise.remoteStatic)
        return .established(
            try LinkKeys(
                finishing: noise, peer: peer, isExpired: peer.certificate?.isExpired(at: now) ?? false, preface: preface, tokenID: token,
                leftover: Array(rest)))
    }

    /// A member shows a certificate of this mesh for the key that it has proven; a joiner shows none.
    private func check(_ certificate: Certificate?, preface: Preface, staticKey: StaticKey?) throws(WireError) {
        switch (preface.pattern, certificate) {
        case (.enrolment, nil): return
        case (.member, let certificate?):
            try certificate.verify(authority: credentials.authority)  // HS-7.1
            guard certificate.staticKey == staticKey else { throw .authentication }  // ID-6.4
        case (.enrolment, _?), (.member, nil): throw .authentication  // HS-7.4
        }
    }
}
