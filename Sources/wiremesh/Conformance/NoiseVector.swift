import Foundation
import Wire

/// One vector of the JSON format that the cacophony and snow projects use. Bytes are hexadecimal.
struct NoiseVector: Decodable {
    struct Message: Decodable {
        var payload: String
        var ciphertext: String
    }

    /// What one side brings.
    struct Side {
        var prologue: [UInt8]
        var keys: HandshakeKeys
    }

    private var protocolName: String?
    private var name: String?
    private var initPrologue: String?
    private var initPsks: [String]?
    private var initStatic: String?
    private var initEphemeral: String?
    private var initRemoteStatic: String?
    private var respPrologue: String?
    private var respPsks: [String]?
    private var respStatic: String?
    private var respEphemeral: String?
    private var respRemoteStatic: String?
    var messages: [Message]
    var handshakeHash: String?

    /// "Noise_XX_25519_ChaChaPoly_SHA256"
    var fullName: String { protocolName ?? name ?? "without a name" }

    /// The pattern and suite, where this engine has them; `nil` for another curve, cipher, hash or pattern.
    var supported: (pattern: HandshakePattern, suite: Suite)? {
        let parts = fullName.split(separator: "_")
        guard parts.count == 5, parts[0] == "Noise", parts[2] == "25519", parts[4] == "SHA256",
            let pattern = HandshakePattern(name: String(parts[1])),
            let suite = Suite.allCases.first(where: { $0.noiseName == parts[3] }), suite.isAvailable
        else { return nil }
        return (pattern, suite)
    }

    func initiator() throws -> Side {
        try side(initPrologue, initPsks, initStatic, initEphemeral, initRemoteStatic)
    }

    func responder() throws -> Side {
        try side(respPrologue, respPsks, respStatic, respEphemeral, respRemoteStatic)
    }

    private func side(
        _ prologue: String?, _ psks: [String]?, _ staticKey: String?, _ ephemeral: String?, _ remote: String?
    ) throws -> Side {
        var keys = HandshakeKeys(staticKey: try keyPair(staticKey), ephemeral: try keyPair(ephemeral))
        keys.remoteStatic = try remote.map { try Bytes32(bytes($0)).orInvalid($0) }
        keys.psks = try (psks ?? []).map { SecretBytes(try bytes($0)) }
        return Side(prologue: try bytes(prologue ?? ""), keys: keys)
    }

    private func keyPair(_ hex: String?) throws -> StaticKeyPair? {
        try hex.map { try StaticKeyPair(secret: SecretBytes(try bytes($0))) }
    }

    private func bytes(_ hex: String) throws -> [UInt8] { try [UInt8](hex: hex).orInvalid(hex) }
}

/// The file: `{"vectors": […]}`.
struct NoiseVectorFile: Decodable {
    var vectors: [NoiseVector]

    /// - Throws: a `Failure` that says what is wrong with the file.
    static func read(_ path: String) throws -> NoiseVectorFile {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure.usage("\(path) cannot be read: check the path.") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(NoiseVectorFile.self, from: data)
        } catch {
            throw Failure.usage("\(path) is not a file of Noise vectors: it must be JSON, an object with a list \"vectors\".")
        }
    }
}

extension Optional {
    fileprivate func orInvalid(_ text: String) throws -> Wrapped {
        guard let self else { throw Failure.failed("'\(text.prefix(80))' is not the bytes that are needed here") }
        return self
    }
}
