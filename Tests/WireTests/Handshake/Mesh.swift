import MeshTestKit
import Wire

/// A mesh for tests: an authority, and members whose keys follow from a seed.
struct Mesh {
    var random: SeededRandom
    let authority: IdentityKeyPair
    let now = UnixTime(seconds: 1_800_000_000)

    init(seed: UInt64 = 1) throws {
        random = SeededRandom(seed: seed)
        authority = try IdentityKeyPair(seed: SecretBytes(random.bytes(32)))
    }

    /// A member with its certificate.
    mutating func member(_ name: String, _ roles: Roles = .worker, life: UInt64 = 3_600) throws -> NodeCredentials {
        var credentials = try stranger()
        let subject = Certificate.Subject(
            name: name, roles: roles, identityKey: credentials.identity.publicKey, staticKey: credentials.staticKey.publicKey,
            salt: random.bytes(16), features: [.aes])
        credentials.certificate = try Certificate.issue(subject, serial: 7, now: now, life: life, authority: authority)
        return credentials
    }

    /// Keys without a certificate.
    mutating func stranger() throws -> NodeCredentials {
        NodeCredentials(
            identity: try IdentityKeyPair(seed: SecretBytes(random.bytes(32))),
            staticKey: try StaticKeyPair(secret: SecretBytes(random.bytes(32))), authority: authority.publicKey)
    }

    mutating func token() throws -> JoinToken {
        JoinToken(
            id: TokenID(random.bytes(16))!, secret: SecretBytes(random.bytes(32)), authority: authority.publicKey,
            endpoints: [Endpoint(host: "127.0.0.1", port: 7700)])
    }

    mutating func initiator(
        _ credentials: NodeCredentials, expecting expectation: PeerExpectation, suite: Wire.Suite = .chaChaPoly
    ) -> LinkInitiator {
        LinkInitiator(
            credentials: credentials, expecting: expectation, suite: suite,
            parameters: LinkParameters(bootEpoch: 1, streamWindow: 100, features: []), now: now, ephemeral: SecretBytes(random.bytes(32)))
    }

    mutating func responder(
        _ credentials: NodeCredentials, now: UnixTime? = nil, tokens: [JoinToken] = [], ephemeral: SecretBytes? = nil
    ) -> LinkResponder {
        LinkResponder(
            credentials: credentials, parameters: LinkParameters(bootEpoch: 2, features: [.aes]), now: now ?? self.now,
            ephemeral: ephemeral ?? SecretBytes(random.bytes(32))
        ) { id in tokens.first { $0.id == id }?.secret }
    }
}

/// What two machines made of each other.
struct LinkedPair: ~Copyable {
    var initiator: LinkKeys
    var responder: LinkKeys
}

extension LinkedPair {
    /// Runs the handshake, each flight in pieces of `piece` bytes, and altered by `alter(flight number, bytes)`.
    static func link(
        _ initiator: consuming LinkInitiator, _ responder: consuming LinkResponder, piece: Int = .max, behind: [UInt8] = [],
        alter: (Int, inout [UInt8]) -> Void = { _, _ in }
    ) throws -> LinkedPair {
        var first = try initiator.start()
        alter(0, &first)
        var second = try responder.answer(to: first, piece: piece)
        alter(1, &second)
        let (third, mine) = try initiator.conclude(with: second, piece: piece)
        var last = third + behind
        alter(2, &last)
        let theirs = try responder.conclude(with: last, piece: piece)
        return LinkedPair(initiator: try mine.take(), responder: theirs)
    }
}

/// Carries a noncopyable value through a tuple.
final class Box<Value: ~Copyable> {
    private var value: Value?
    init(_ value: consuming Value) { self.value = consume value }
    func take() throws -> Value {
        guard let value = exchange(&value, with: nil) else { throw WireError.exhausted }
        return value
    }
}

extension LinkInitiator {
    mutating func conclude(with bytes: [UInt8], piece: Int = .max) throws -> ([UInt8], Box<LinkKeys>) {
        for chunk in bytes.pieces(piece) {
            switch try receive(chunk) {
            case .needMore: continue
            case .established(let reply, let keys): return (reply, Box(keys))
            }
        }
        throw WireError.truncated
    }
}

extension LinkResponder {
    mutating func answer(to bytes: [UInt8], piece: Int = .max) throws -> [UInt8] {
        for chunk in bytes.pieces(piece) {
            switch try receive(chunk) {
            case .needMore: continue
            case .send(let answer): return answer
            case .established: throw WireError.streamState
            }
        }
        throw WireError.truncated
    }

    mutating func conclude(with bytes: [UInt8], piece: Int = .max) throws -> LinkKeys {
        for chunk in bytes.pieces(piece) {
            switch try receive(chunk) {
            case .needMore: continue
            case .send: throw WireError.streamState
            case .established(let keys): return keys
            }
        }
        throw WireError.truncated
    }
}

extension [UInt8] {
    func pieces(_ size: Int) -> [[UInt8]] {
        guard size < count else { return [self] }
        return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
