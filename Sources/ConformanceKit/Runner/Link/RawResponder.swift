import Wire

/// Somebody who was meant for a case that is over.
struct Latecomer: Error {}

/// The responder's side of one handshake, which can be wrong in every way. Used by one case.
final class RawResponder {
    /// The edits that a case can make.
    struct Edits {
        /// On what Noise mixes in first.
        var prologue: (([UInt8]) -> [UInt8])?
        /// On the fields of payload 2.
        var payload: ((inout RawTLV) -> Void)?
        /// On message 2 without its length.
        var answer: (([UInt8]) -> [UInt8])?
    }

    private let identity: Identity
    private let meshID: MeshID
    private let edits: Edits
    private let secret: (TokenID) -> SecretBytes?
    private let parameters: LinkParameters
    private var noise: HandshakeState?
    /// What the target said first.
    private(set) var preface: [UInt8] = []
    private(set) var tokenID: TokenID?
    private(set) var ephemeral: [UInt8] = []
    /// What it said in message 3.
    private(set) var peer: HandshakePayload?
    private(set) var peerStatic: StaticKey?

    init(
        _ identity: Identity, meshID: MeshID, parameters: LinkParameters? = nil, edits: Edits = Edits(),
        secret: @escaping (TokenID) -> SecretBytes? = { _ in nil }
    ) throws {
        self.identity = identity
        self.meshID = meshID
        self.edits = edits
        self.secret = secret
        self.parameters = parameters ?? LinkParameters(bootEpoch: identity.bootEpoch, features: [])
    }

    /// Reads preface, clear bytes, message 1 and mac1, and checks all of them. Throws `Latecomer` for one of the meshes `former`.
    func readFirst(_ inbox: inout RawInbox, former: [MeshID] = [], within patience: Duration) async throws {
        let deadline = ContinuousClock.now + patience
        func take(_ count: Int, _ what: String) async throws -> [UInt8] {
            guard await inbox.fill(count, until: deadline) else {
                throw Mismatch(expected: what, seen: inbox.isClosed ? "the connection closed" : "\(inbox.bytes.count) bytes in time")
            }
            return inbox.take(count)
        }
        preface = try await take(Preface.length, "a preface")
        let read: Preface
        do { read = try Preface(decoding: preface) } catch { throw Mismatch(expected: "a preface of WM/1", seen: preface.excerpt) }
        let clear = read.pattern == .enrolment ? try await take(16, "a token's id") : []
        tokenID = TokenID(clear)
        let length = try await take(2, "the length of message 1")
        let expected = read.pattern == .enrolment ? 48 : 32
        guard length == be16(expected) else { throw Mismatch(expected: "a message 1 of \(expected) bytes", seen: "length \(length)") }
        let message = try await take(expected, "message 1")
        ephemeral = Array(message.prefix(32))
        let mac = try await take(16, "mac1")
        let flight = preface + clear + length + message
        guard mac == Mac1.compute(meshID: meshID, over: flight).exposed else {
            if former.contains(where: { mac == Mac1.compute(meshID: $0, over: flight).exposed }) { throw Latecomer() }
            throw Mismatch(expected: "the mac1 of this mesh", seen: "another")
        }
        guard inbox.bytes.isEmpty else { throw Mismatch(expected: "nothing behind mac1", seen: "\(inbox.bytes.count) bytes") }
        var keys = HandshakeKeys(staticKey: identity.staticKey, ephemeral: try StaticKeyPair(secret: SystemRandom.secret()))
        if let tokenID {
            guard let secret = secret(tokenID) else { throw Mismatch(expected: "the id of the token that was given", seen: "another") }
            keys.psks = [secret]
        }
        let prologue = read.prologue(clear: clear)
        var noise = try HandshakeState(
            read.pattern.noise, suite: read.suite, role: .responder, prologue: edits.prologue?(prologue) ?? prologue, keys: keys)
        do {
            guard try noise.read(message).isEmpty else { throw WireError.trailing }
        } catch  where edits.prologue == nil { throw Mismatch(expected: "a message 1 that can be read", seen: "\(error)") } catch {}
        self.noise = consume noise
    }

    /// Message 2 behind its length.
    func answer() throws -> [UInt8] {
        guard let read = try? Preface(decoding: preface), noise != nil else { throw WireError.streamState }
        let certificate = try? Certificate(decoding: identity.certificate)
        var payload = HandshakePayload(preface: read, parameters: parameters, certificate: certificate)
        payload.suites = [Suite.chaChaPoly.rawValue, Suite.aesGCM.rawValue]
        var fields = RawTLV(splitting: try payload.encoded())
        edits.payload?(&fields)
        let written = try noise?.write(fields.encoded) ?? []
        let message = edits.answer?(written) ?? written
        return be16(message.count) + message
    }

    /// Reads message 3 and checks what is in it.
    func readLast(_ inbox: inout RawInbox, authority: IdentityKey, within patience: Duration) async throws {
        let message = try await inbox.handshakeMessage(3, within: patience)
        do {
            let payload = try noise?.read(message) ?? []
            peer = try payload.decode(HandshakePayload.init(decoding:))
        } catch { throw Mismatch(expected: "a message 3 that can be read", seen: "\(error)") }
        peerStatic = noise?.remoteStatic
        guard let peer, peer.preface == preface else { throw Mismatch(expected: "the preface in payload 3", seen: "another") }
        if tokenID != nil {
            guard peer.certificate == nil else { throw Mismatch(expected: "no certificate from a joiner", seen: "one") }
            return
        }
        guard let certificate = peer.certificate, (try? certificate.verify(authority: authority)) != nil,
            certificate.staticKey == peerStatic
        else { throw Mismatch(expected: "the certificate of the key that was proven", seen: "none, or another") }
    }

    /// The link that the handshake leads to.
    func link(over connection: any Carrier, _ inbox: RawInbox, patience: Duration) throws -> RawLink {
        guard let noise = noise.take() else { throw WireError.streamState }
        let hash = noise.handshakeHash
        return RawLink(
            connection, inbox, ciphers: try noise.split(), isInitiator: false, own: parameters, peer: peer?.parameters ?? parameters,
            certificate: peer?.certificate, handshakeHash: hash, patience: patience)
    }
}
