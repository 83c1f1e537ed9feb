import MeshTestKit
import Testing
import Wire

@Suite struct CertificateTests {
    // ID-5.1
    @Test func whatIsIssuedIsRead() throws {
        var mesh = try Mesh()
        let member = try mesh.member("gpu-1.example_A", [.worker, .relay], life: 100)
        let certificate = try #require(member.certificate)
        let read = try Certificate(decoding: certificate.encoded)
        #expect(read == certificate)
        try read.verify(authority: mesh.authority.publicKey)
        #expect(read.name == "gpu-1.example_A" && read.roles == [.worker, .relay] && read.serial == 7 && read.features == [.aes])
        #expect(read.identityKey == member.identity.publicKey && read.staticKey == member.staticKey.publicKey)
        #expect(read.meshID == .meshID(authority: mesh.authority.publicKey))
        #expect(read.nodeID == .nodeID(identityKey: read.identityKey, salt: read.salt) && read.salt.count == 16)
        #expect(read.issuedAt == mesh.now && read.expires == mesh.now + 100)
        #expect(!read.isExpired(at: mesh.now + 99) && read.isExpired(at: mesh.now + 100))
        #expect(read.encoded.count < Limits.certificate / 2)
    }

    // ID-6.1
    @Test func anotherAuthorityDoesNotVerify() throws {
        var (mesh, other) = (try Mesh(seed: 1), try Mesh(seed: 2))
        let certificate = try #require(try mesh.member("w").certificate)
        #expect(throws: WireError.certificate(.wrongPeer)) { try certificate.verify(authority: other.authority.publicKey) }
    }

    // ID-2.1, ID-6.2
    /// A certificate that another authority signed for this mesh's id.
    @Test func aForgedSignatureDoesNotVerify() throws {
        var mesh = try Mesh()
        let forger = try IdentityKeyPair(seed: SecretBytes(mesh.random.bytes(32)))
        let body = Array(try #require(try mesh.member("w").certificate).encoded.dropLast(68))
        let forged = try Certificate(decoding: body + [0xFF, 0xFE, 0, 64] + forger.sign(.certificate, body))
        #expect(throws: WireError.authentication) { try forged.verify(authority: mesh.authority.publicKey) }
        let wrongDomain = try Certificate(decoding: body + [0xFF, 0xFE, 0, 64] + mesh.authority.sign(.enrolment, body))
        #expect(throws: WireError.authentication) { try wrongDomain.verify(authority: mesh.authority.publicKey) }
    }

    @Test func anyAlteredByteIsNoticed() throws {
        var mesh = try Mesh()
        let encoded = try #require(try mesh.member("w").certificate).encoded
        for position in encoded.indices {
            for bit: UInt8 in [1, 0x80] {
                var altered = encoded
                altered[position] ^= bit
                #expect(throws: WireError.self) { try Certificate(decoding: altered).verify(authority: mesh.authority.publicKey) }
            }
        }
    }

    // ID-5.2, ID-5.3
    @Test func anyTruncationAndAnythingBehindIsRefused() throws {
        var mesh = try Mesh()
        let encoded = try #require(try mesh.member("w").certificate).encoded
        for length in encoded.indices {
            #expect(throws: WireError.self) { try Certificate(decoding: Array(encoded.prefix(length))) }
        }
        #expect(throws: WireError.trailing) { try Certificate(decoding: encoded + [0xFF, 0xFF, 0, 0]) }
        #expect(throws: WireError.truncated) { try Certificate(decoding: encoded + [0]) }
        #expect(throws: WireError.oversized) { try Certificate(decoding: encoded + [UInt8](repeating: 0, count: 1_024)) }
    }

    // ID-6.3
    /// A node id that does not follow from the key: the authority would have to have signed a lie, so the test is the authority.
    @Test func aNodeIDMustFollowFromTheKey() throws {
        var mesh = try Mesh()
        let fields = try Fields(try #require(try mesh.member("w").certificate))
        var ground = fields
        ground.replace(4, [UInt8](repeating: 0, count: 32))
        #expect(throws: WireError.authentication) { try ground.signed(by: mesh.authority).verify(authority: mesh.authority.publicKey) }
        try fields.signed(by: mesh.authority).verify(authority: mesh.authority.publicKey)
    }

    // CONV-3.6, ID-5.4
    @Test func fieldsStandInTheirOnePlace() throws {
        var mesh = try Mesh()
        let fields = try Fields(try #require(try mesh.member("w").certificate))
        for index in fields.all.indices {
            var missing = fields
            let type = missing.all.remove(at: index).type
            #expect(throws: WireError.missing(type)) { try missing.signed(by: mesh.authority) }
            var twice = fields
            twice.all.insert(fields.all[index], at: index)
            #expect(throws: WireError.unordered(type)) { try twice.signed(by: mesh.authority) }
            guard index > 0 else { continue }
            var swapped = fields
            swapped.all.swapAt(index, index - 1)
            #expect(throws: WireError.self) { try swapped.signed(by: mesh.authority) }
        }
        var odd = fields
        odd.all.append((23, [1, 2, 3]))
        try odd.signed(by: mesh.authority).verify(authority: mesh.authority.publicKey)
        var even = fields
        even.all.append((24, []))
        #expect(throws: WireError.unknownCritical(24)) { try even.signed(by: mesh.authority) }
        #expect(throws: WireError.missing(0xFFFE)) { try Certificate(decoding: fields.encoded) }
    }

    // CONV-4.1, CONV-4.2, CONV-4.3
    @Test(
        arguments: [
            (4, [UInt8](repeating: 0, count: 31), WireError.badLength(4)), (8, [0, 0, 0, 0, 1], .badLength(8)),
            (14, [UInt8](repeating: 0, count: 17), .badLength(14)), (16, [1], .badLength(16)), (6, [0xC3, 0x28], .badValue(6)),
            (6, [], .badValue(6)), (6, Array("a b".utf8), .badValue(6)), (6, Array("../x".utf8), .badValue(6)),
            (6, [UInt8](repeating: 97, count: 129), .badLength(6)), (6, Array("ä".utf8), .badValue(6)),
        ] as [(UInt16, [UInt8], WireError)])
    func valuesOutOfRangeAreRefused(type: UInt16, value: [UInt8], error: WireError) throws {
        var mesh = try Mesh()
        var fields = try Fields(try #require(try mesh.member("w").certificate))
        fields.replace(type, value)
        #expect(throws: error) { try fields.signed(by: mesh.authority) }
    }

    @Test func whatCannotBeReadIsNotIssued() throws {
        var mesh = try Mesh()
        #expect(throws: WireError.badValue(6)) { try mesh.member("") }
        #expect(throws: WireError.badLength(6)) { try mesh.member(String(repeating: "a", count: 129)) }
        #expect(throws: Never.self) { try mesh.member(String(repeating: "a", count: 128)) }
    }

    // ID-4.1
    @Test(arguments: ["a", "0", "A.b-c_d", "worker-1"]) func names(good: String) { #expect(Name.isValid(good)) }

    // ID-4.1
    @Test(arguments: ["", ".", "..", "-a", ".a", "_a", "a/b", "a b", "a\u{0}", "a\n", "é", "a:b"])
    func notNames(bad: String) { #expect(!Name.isValid(bad)) }

    @Test func credentialsSurviveTheirFile() throws {
        var mesh = try Mesh()
        for credentials in [try mesh.member("w"), try mesh.stranger()] {
            let read = try NodeCredentials(decoding: try credentials.encoded(), features: [])
            #expect(
                read.identity.publicKey == credentials.identity.publicKey && read.staticKey.publicKey == credentials.staticKey.publicKey)
            #expect(read.certificate == credentials.certificate && read.authority == credentials.authority)
            #expect(read.meshID == .meshID(authority: mesh.authority.publicKey) && read.features == [])
            let signature = read.identity.sign(.enrolment, [1])
            #expect(credentials.identity.publicKey.verifies(signature, .enrolment, [1]))
        }
    }

    @Test func aDamagedIdentityFileIsRefused() throws {
        var mesh = try Mesh()
        var credentials = try mesh.member("w")
        let encoded = try credentials.encoded()
        for length in encoded.indices where length != 108 {
            #expect(throws: WireError.self) { try NodeCredentials(decoding: Array(encoded.prefix(length))) }
        }
        // Without its last field the file is that of a node that has not enrolled.
        #expect(try NodeCredentials(decoding: Array(encoded.prefix(108))).certificate == nil)
        #expect(throws: WireError.oversized) { try NodeCredentials(decoding: [UInt8](repeating: 0, count: 5_000)) }
        credentials.certificate = try mesh.member("other").certificate
        let mixed = try credentials.encoded()
        #expect(throws: WireError.certificate(.wrongPeer)) { try NodeCredentials(decoding: mixed) }
    }
}

/// A certificate's fields before the signature, to be put together otherwise.
private struct Fields {
    var all: [(type: UInt16, value: [UInt8])] = []

    init(_ certificate: Certificate) throws {
        let bytes = Array(certificate.encoded.dropLast(68))
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes.span.bytes) { all.append((field.type, Array(bytes[field.range]))) }
    }

    mutating func replace(_ type: UInt16, _ value: [UInt8]) {
        for index in all.indices where all[index].type == type { all[index].value = value }
    }

    var encoded: [UInt8] {
        all.flatMap { field in
            [field.type, UInt16(field.value.count)].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + field.value
        }
    }

    func signed(by authority: IdentityKeyPair) throws -> Certificate {
        try Certificate(decoding: encoded + [0xFF, 0xFE, 0, 64] + authority.sign(.certificate, encoded))
    }
}
