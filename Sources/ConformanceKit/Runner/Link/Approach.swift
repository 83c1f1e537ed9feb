import Wire

/// How the runner shakes hands as the initiator: as the text wants it, except for what a case changes.
struct Approach {
    /// The edits that a case can make, each on bytes that are right until then.
    struct Edits {
        /// On preface and clear bytes; message 1 and mac1 are made over the result.
        var preface: (([UInt8]) -> [UInt8])?
        /// On what Noise mixes in first.
        var prologue: (([UInt8]) -> [UInt8])?
        /// On message 1 without its length.
        var first: (([UInt8]) -> [UInt8])?
        /// On message 1 with its length, before mac1 is computed over it.
        var framedFirst: (([UInt8]) -> [UInt8])?
        /// On mac1.
        var mac: (([UInt8]) -> [UInt8])?
        /// On the fields of payload 3.
        var payload: ((inout RawTLV) -> Void)?
        /// On message 3 without its length.
        var last: (([UInt8]) -> [UInt8])?
        /// On message 3 with its length.
        var framedLast: (([UInt8]) -> [UInt8])?
    }

    var identity: Identity
    var suite: Suite = .chaChaPoly
    /// Shows this token and enrols; otherwise a member comes.
    var token: JoinToken?
    var parameters: LinkParameters
    /// mac1 is keyed by it.
    var meshID: MeshID
    var ephemeral: StaticKeyPair
    var payload1: [UInt8] = []
    var edits = Edits()

    init(_ identity: Identity, meshID: MeshID, token: JoinToken? = nil) throws {
        self.identity = identity
        self.meshID = meshID
        self.token = token
        parameters = LinkParameters(bootEpoch: identity.bootEpoch, features: [])
        ephemeral = try StaticKeyPair(secret: SystemRandom.secret())
    }

    /// The text in front of the preface in every prologue.
    static let protocolName: [UInt8] = Preface(suite: .chaChaPoly, pattern: .member).prologue(clear: []).dropLast(Preface.length)
}

/// The initiator's side of one handshake. Used by one case.
final class RawInitiator {
    private let approach: Approach
    private var noise: HandshakeState?
    private let preface: [UInt8]
    private let clear: [UInt8]

    /// What the target said in message 2.
    private(set) var peer: HandshakePayload?
    private(set) var peerStatic: StaticKey?

    init(_ approach: Approach) throws {
        self.approach = approach
        let right = Preface(suite: approach.suite, pattern: approach.token == nil ? .member : .enrolment)
        let opening = right.encoded + (approach.token?.id.bytes ?? [])
        let edited = approach.edits.preface?(opening) ?? opening
        preface = Array(edited.prefix(Preface.length))
        clear = Array(edited.dropFirst(Preface.length))
        var keys = HandshakeKeys(staticKey: approach.identity.staticKey, ephemeral: approach.ephemeral)
        if let token = approach.token { keys.psks = [token.secret] }
        let prologue = Approach.protocolName + edited
        noise = try HandshakeState(
            right.pattern.noise, suite: approach.suite, role: .initiator, prologue: approach.edits.prologue?(prologue) ?? prologue,
            keys: keys)
    }

    /// Preface, clear bytes, message 1 and mac1.
    func firstFlight() throws -> [UInt8] {
        let written = try writeNoise(approach.payload1)
        let message = approach.edits.first?(written) ?? written
        let framed = be16(message.count) + message
        let flight = preface + clear + (approach.edits.framedFirst?(framed) ?? framed)
        let mac = Mac1.compute(meshID: approach.meshID, over: flight).exposed
        return flight + (approach.edits.mac?(mac) ?? mac)
    }

    /// Message 1 in a member's first flight.
    static func message1(of flight: [UInt8]) -> [UInt8] { Array(flight.dropFirst(Preface.length + 2).dropLast(16)) }

    /// Reads message 2. Throws a mismatch where it does not come, or is none.
    func readAnswer(_ inbox: inout RawInbox, within patience: Duration) async throws {
        let message = try await inbox.handshakeMessage(2, within: patience)
        let payload: [UInt8]
        do {
            guard noise != nil else { throw WireError.streamState }
            payload = try noise?.read(message) ?? []
        } catch {
            throw Mismatch(expected: "message 2 that opens", seen: "\(message.count) bytes that do not (\(error))")
        }
        do { peer = try payload.decode(HandshakePayload.init(decoding:)) } catch {
            throw Mismatch(expected: "a canonical payload in message 2", seen: "\(error)")
        }
        peerStatic = noise?.remoteStatic
    }

    /// Checks what a right message 2 says: who answers, and what was offered.
    func checkAnswer(authority: IdentityKey) throws {
        guard let peer, let certificate = peer.certificate else {
            throw Mismatch(expected: "a certificate in message 2", seen: "none")
        }
        do { try certificate.verify(authority: authority) } catch {
            throw Mismatch(expected: "a certificate of this mesh", seen: "\(error)")
        }
        guard certificate.staticKey == peerStatic else {
            throw Mismatch(expected: "the certificate of the key that Noise has proven", seen: "that of another key")
        }
        guard peer.preface == preface, peer.suites.contains(approach.suite.rawValue), peer.majors.contains(Preface.major) else {
            throw Mismatch(expected: "the preface, version and suite of this link in payload 2", seen: "others")
        }
    }

    /// The fields of payload 3, right but for the case's edit.
    func payload3() throws -> [UInt8] {
        var right = HandshakePayload(
            preface: Preface(suite: approach.suite, pattern: approach.token == nil ? .member : .enrolment),
            parameters: approach.parameters, certificate: nil)
        right.preface = preface
        right.suites = [Suite.chaChaPoly.rawValue, Suite.aesGCM.rawValue]
        var fields = RawTLV(splitting: try right.encoded())
        if approach.token == nil { fields[10] = approach.identity.certificate }
        approach.edits.payload?(&fields)
        return fields.encoded
    }

    /// Message 3 behind its length.
    func lastFlight() throws -> [UInt8] {
        let written = try writeNoise(try payload3())
        let message = approach.edits.last?(written) ?? written
        let framed = be16(message.count) + message
        return approach.edits.framedLast?(framed) ?? framed
    }

    /// The link that the handshake leads to.
    func link(over connection: any Carrier, _ inbox: RawInbox, patience: Duration) throws -> RawLink {
        guard let noise = noise.take() else { throw WireError.streamState }
        let hash = noise.handshakeHash
        return RawLink(
            connection, inbox, ciphers: try noise.split(), isInitiator: true, own: approach.parameters,
            peer: peer?.parameters ?? approach.parameters, certificate: peer?.certificate, handshakeHash: hash, patience: patience)
    }

    private func writeNoise(_ payload: [UInt8]) throws -> [UInt8] {
        guard noise != nil else { throw WireError.streamState }
        return try noise?.write(payload) ?? []
    }
}

/// The bytes of a connection as they come, cut as the protocol says.
struct RawInbox {
    let connection: any Carrier
    private var buffer: [UInt8] = []
    /// How much of the buffer was taken.
    private var offset = 0
    private(set) var isClosed = false

    init(_ connection: any Carrier) { self.connection = connection }

    /// What has come and was not taken.
    var bytes: [UInt8] { Array(buffer[offset...]) }
    var count: Int { buffer.count - offset }

    /// Reads until `count` bytes are here. `false` where they do not come.
    mutating func fill(_ count: Int, until deadline: ContinuousClock.Instant) async -> Bool {
        while self.count < count {
            switch await connection.read(until: deadline) {
            case .bytes(let more):
                buffer.removeFirst(offset)
                offset = 0
                buffer += more
            case .closed:
                isClosed = true
                return false
            case .nothing: return false
            }
        }
        return true
    }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = buffer[offset...].prefix(count)
        offset += taken.count
        return Array(taken)
    }

    /// What stands behind a u16 length; `nil` where it does not come in time.
    mutating func framed(until deadline: ContinuousClock.Instant) async -> [UInt8]? {
        guard await fill(2, until: deadline) else { return nil }
        let length = Int(buffer[offset]) << 8 | Int(buffer[offset + 1])
        guard await fill(2 + length, until: deadline) else { return nil }
        return Array(take(2 + length).dropFirst(2))
    }

    /// How a mismatch names a handshake message that did not come.
    static func expected(message number: Int) -> String { "message \(number) of the handshake" }

    /// A handshake message; the mismatch says what came instead.
    mutating func handshakeMessage(_ number: Int, within patience: Duration) async throws(Mismatch) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        let expected = Self.expected(message: number)
        if await fill(2, until: deadline) {
            let length = Int(buffer[offset]) << 8 | Int(buffer[offset + 1])
            guard length <= Limits.handshakeMessage else { throw Mismatch(expected: expected, seen: "something else: \(bytes.excerpt)") }
            if await fill(2 + length, until: deadline) { return Array(take(2 + length).dropFirst(2)) }
        }
        let part = bytes.isEmpty ? "nothing" : "\(bytes.count) bytes (\(bytes.excerpt))"
        throw Mismatch(expected: expected, seen: isClosed ? "\(part), and the connection closed" : "\(part) within \(patience.text)")
    }
}
