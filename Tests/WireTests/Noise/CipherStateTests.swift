import Testing
import Wire

@Suite struct CipherStateTests {
    private static let key = SecretBytes([UInt8](repeating: 3, count: 32))

    // REC-2.2
    @Test func noncesEndWithATypedError() throws {
        var sender = try CipherState(.chaChaPoly, key: Self.key, nonce: .max - 1)
        var receiver = try CipherState(.chaChaPoly, key: Self.key, nonce: .max - 1)
        let last = try sender.sealed([1])
        #expect(throws: WireError.exhausted) { try sender.sealed([2]) }
        #expect(try receiver.opened(last) == [1])
        #expect(throws: WireError.exhausted) { try receiver.opened(last) }
    }

    // REC-4.3
    @Test(arguments: Wire.Suite.allCases.filter(\.isAvailable))
    func aForgedRecordDoesNotMoveTheNonce(suite: Wire.Suite) throws {
        var sender = try CipherState(suite, key: Self.key)
        var receiver = try CipherState(suite, key: Self.key)
        let record = try sender.sealed([1, 2, 3])
        for position in record.indices {
            var forged = record
            forged[position] ^= 1
            #expect(throws: WireError.authentication) { try receiver.opened(forged) }
        }
        #expect(throws: WireError.truncated) { try receiver.opened(Array(record.prefix(15))) }
        #expect(receiver.nonce == 0)
        #expect(try receiver.opened(record) == [1, 2, 3])
        #expect(throws: WireError.authentication, "a replay") { try receiver.opened(record) }
    }

    // REC-3.2
    @Test(arguments: Wire.Suite.allCases.filter(\.isAvailable))
    func rekeyChangesTheKeyOnBothSidesAlike(suite: Wire.Suite) throws {
        var sender = try CipherState(suite, key: Self.key)
        var receiver = try CipherState(suite, key: Self.key)
        _ = try receiver.opened(try sender.sealed([]))
        try sender.rekey()
        let record = try sender.sealed([1])
        #expect(throws: WireError.authentication) { try receiver.opened(record) }
        try receiver.rekey()
        #expect(try receiver.opened(record) == [1])
        #expect(sender.nonce == 2)
    }

    // REC-3.1
    @Test func recordsRekeyOnSchedule() throws {
        var sender = RecordCipher(try CipherState(.chaChaPoly, key: Self.key), rekeyInterval: 3)
        var plain = try CipherState(.chaChaPoly, key: Self.key)
        for round in 0..<4 {
            for index in 0..<3 {
                let text = [UInt8(round), UInt8(index)]
                #expect(try plain.opened(try sender.sealed(text)) == text)
            }
            try plain.rekey()
        }
        var receiver = RecordCipher(try CipherState(.chaChaPoly, key: Self.key), rekeyInterval: 3)
        var other = RecordCipher(try CipherState(.chaChaPoly, key: Self.key), rekeyInterval: 3)
        for index in 0..<10 {
            let record = try other.sealed([UInt8(index)])
            #expect(throws: WireError.authentication) { try receiver.opened([0] + record) }
            #expect(try receiver.opened(record) == [UInt8(index)])
        }
    }

    // SEC-4.1
    @Test func secretsDoNotPrint() {
        let secret = SecretBytes([0xAB, 0xCD])
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.lowercased().contains("ab") && !text.contains("171"))
        }
        #expect(secret.equals(SecretBytes([0xAB, 0xCD])))
        #expect(!secret.equals(SecretBytes([0xAB, 0xCE])) && !secret.equals(SecretBytes([0xAB])))
    }

    // SEC-4.1
    @Test func whatHoldsSecretsDoesNotPrintThem() throws {
        let secrets: [[UInt8]] = [0x0B, 0x4C, 0x8D, 0xCE].map { (first: UInt8) in (0..<32).map { first &+ 7 &* $0 } }
        let identity = try IdentityKeyPair(seed: SecretBytes(secrets[0]))
        let staticKey = try StaticKeyPair(secret: SecretBytes(secrets[1]))
        var keys = HandshakeKeys(staticKey: staticKey)
        keys.psks = [SecretBytes(secrets[2])]
        let id = try #require(TokenID([UInt8](repeating: 1, count: 16)))
        let token = JoinToken(id: id, secret: SecretBytes(secrets[3]), authority: identity.publicKey, endpoints: [])
        let credentials = NodeCredentials(identity: identity, staticKey: staticKey, authority: identity.publicKey)
        let holders: [Any] = [identity, staticKey, keys, token, credentials, try JoinToken(token.text())]
        for holder in holders {
            var dumped = ""
            dump(holder, to: &dumped)
            for text in ["\(holder)", String(reflecting: holder), dumped] {
                for secret in secrets {
                    let digits = secret.prefix(3).map(String.init).joined(separator: ", ")
                    #expect(!text.lowercased().contains(Array(secret.prefix(6)).hex) && !text.contains(digits))
                    #expect(!text.contains(Base64URL.encode(Array(secret.prefix(6)))))
                }
                #expect(!text.contains("wmj1_"))
            }
        }
    }
}
