/// The dialling side of a link's handshake. No I/O: bytes in, bytes out.
///
/// `start` once, then `receive` until it says `established`. Any error ends the attempt: close the connection.
public struct LinkInitiator: ~Copyable, Sendable {
    /// What `receive` leads to.
    public enum Step: ~Copyable, Sendable {
        /// Message 2 is not here in full yet.
        case needMore
        /// Send `reply`, and right behind it whatever is sealed with the keys.
        case established(reply: [UInt8], keys: LinkKeys)
    }

    private enum State: ~Copyable {
        case ready
        case awaitingAnswer(HandshakeState)
        case finished
    }

    private let credentials: NodeCredentials
    private let expectation: PeerExpectation
    private let preface: Preface
    private let parameters: LinkParameters
    private let now: UnixTime
    private let ephemeral: SecretBytes
    /// What this side says that it can run; the machine's own suites unless a test vector says otherwise.
    package var offered = Suite.available
    private var state = State.ready
    private var inbox = HandshakeInbox()

    /// `ephemeral` is 32 random bytes that are never used again. An enrolment always uses ChaChaPoly, whatever `suite` says.
    public init(
        credentials: NodeCredentials, expecting expectation: PeerExpectation, suite: Suite = .chaChaPoly,
        parameters: LinkParameters, now: UnixTime, ephemeral: SecretBytes
    ) {
        self.credentials = credentials
        self.expectation = expectation
        self.parameters = parameters
        self.now = now
        self.ephemeral = ephemeral
        preface =
            switch expectation {
            case .enrolment: Preface(suite: .chaChaPoly, pattern: .enrolment)  // HS-2.2
            case .node, .role: Preface(suite: suite, pattern: .member)
            }
    }

    /// The bytes to send first. Throws `certificate(.expired)`-like errors for credentials that cannot open such a link:
    /// `missing` without a certificate, `badPreface` for a suite that this machine cannot run.
    public mutating func start() throws(WireError) -> [UInt8] {
        guard case .ready = exchange(&state, with: .finished) else { throw .streamState }
        guard preface.suite.isAvailable else { throw .badPreface }
        var keys = HandshakeKeys(staticKey: credentials.staticKey, ephemeral: try StaticKeyPair(secret: ephemeral))
        var clear: [UInt8] = []
        if let token {
            clear = token.id.bytes
            keys.psks = [token.secret]  // HS-3.2
        } else if credentials.certificate == nil {
            throw .certificate(.permissionDenied)  // HS-7.6
        }
        var noise = try HandshakeState(
            preface.pattern.noise, suite: preface.suite, role: .initiator, prologue: preface.prologue(clear: clear), keys: keys)
        let flight = preface.encoded + clear + (try HandshakeInbox.framed(try noise.write([])))
        state = .awaitingAnswer(noise)
        return flight + Mac1.compute(meshID: .meshID(authority: authority), over: flight).exposed
    }

    /// Takes what the responder sent. After an error or `established`, everything throws.
    public mutating func receive(_ bytes: [UInt8]) throws(WireError) -> Step {
        guard case .awaitingAnswer(var noise) = exchange(&state, with: .finished) else { throw .streamState }
        var rest = bytes[...]
        guard let range = try inbox.message(at: 0, from: &rest) else {
            state = .awaitingAnswer(noise)
            return .needMore
        }
        let answer = try (try noise.read(Array(inbox.bytes[range]))).decode(HandshakePayload.init(decoding:))
        inbox.clear()
        try check(answer, staticKey: noise.remoteStatic)  // HS-7.2, HS-8.6
        let certificate = token == nil ? credentials.certificate : nil
        let payload = HandshakePayload(preface: preface, suites: offered, parameters: parameters, certificate: certificate)
        let reply = try HandshakeInbox.framed(try noise.write(try payload.encoded()))
        let keys = try LinkKeys(
            finishing: noise, peer: answer, isExpired: false, preface: preface, tokenID: token?.id, leftover: Array(rest))
        return .established(reply: reply, keys: keys)
    }

    private var token: JoinToken? {
        if case .enrolment(let token) = expectation { token } else { nil }
    }

    /// Whose signature counts: a joiner knows it from its token.
    private var authority: IdentityKey { token?.authority ?? credentials.authority }  // TOKEN-3.1

    private func check(_ answer: HandshakePayload, staticKey: StaticKey?) throws(WireError) {
        try answer.checkOffer(preface)
        guard let certificate = answer.certificate else { throw .authentication }
        try certificate.verify(authority: authority)  // HS-7.1
        guard certificate.staticKey == staticKey else { throw .authentication }  // ID-6.4
        try expectation.check(certificate, now: now)
    }
}
