import Testing
import Wire

/// Known answers for the primitives under Noise, from the documents that define them.
@Suite struct PrimitiveTests {
    @Test(arguments: [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
        ),
    ])
    func x25519OfRFC7748(scalar: String, point: String, result: String) throws {
        let shared = try Sodium.x25519(secret(scalar), try #require(Bytes32(hex: point)))
        #expect(shared.exposed.hex == result)
    }

    @Test func x25519ThousandTimesOfRFC7748() throws {
        var scalar = [9] + [UInt8](repeating: 0, count: 31)
        var point = scalar
        for _ in 0..<1_000 {
            let next = try Sodium.x25519(SecretBytes(scalar), try #require(Bytes32(point))).exposed
            point = scalar
            scalar = next
        }
        #expect(scalar.hex == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    }

    /// The points whose multiples anybody can know (RFC 7748, 6.1), in canonical and other encodings.
    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    ])
    func smallOrderPointsAreRefused(point: String) throws {
        let point = try #require(Bytes32(hex: point))
        #expect(throws: WireError.authentication) { try Sodium.x25519(SecretBytes([UInt8](repeating: 7, count: 32)), point) }
    }

    @Test func ed25519OfRFC8032() throws {
        let seed = secret("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        let (key, publicKey) = try Sodium.ed25519Keys(seed: seed)
        #expect(publicKey.hex == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        let signature = Sodium.ed25519Sign([], secret: key)
        let expected =
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        #expect(signature.hex == expected)
        #expect(Sodium.ed25519Verify(signature, of: [], by: publicKey))
        #expect(!Sodium.ed25519Verify(signature, of: [0], by: publicKey))
        #expect(!Sodium.ed25519Verify(Array(signature.dropLast()), of: [], by: publicKey))
    }

    @Test func sha256OfFIPS180() {
        #expect(SHA256.hash(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hash([], Array("a".utf8), Array("bc".utf8)).hex == SHA256.hash(Array("abc".utf8)).hex)
        #expect(SHA256.hash().hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func hmacOfRFC4231(key: [UInt8], message: String, result: String) {
        var mac = HMAC(key: key.span.bytes)
        for byte in message.utf8 { mac.update([byte].span.bytes) }
        #expect(mac.finish().exposed.hex == result)
    }

    /// RFC 5869, appendix A.3 has an empty salt; Noise's chaining key stands in the salt's place, so A.3 with 32 zero bytes is it.
    @Test func hkdfOfRFC5869() {
        let salt = SecretBytes([UInt8](repeating: 0, count: 32))
        let (first, second, _) = hkdf(salt, [UInt8](repeating: 0x0b, count: 22).span.bytes)
        let okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        #expect((first.exposed + second.exposed).prefix(42).map { $0 } == [UInt8](hex: okm))
    }

    /// RFC 8439, A.5. The counter is the nonce's last eight bytes, little-endian.
    @Test func chaChaPolyOfRFC8439() throws {
        var key = try AEADKey(.chaChaPoly, key: secret("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"))
        let text =
            "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by "
            + "other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other "
            + "than as /\u{201c}work in progress./\u{201d}"
        let sealed = try seal(&key, Array(text.utf8), 0x0807_0605_0403_0201, [UInt8](hex: "f33388860000000000004e91") ?? [])
        #expect(sealed.prefix(16).map { $0 }.hex == "64a0861575861af460f062c79be643bd")
        #expect(sealed.suffix(16).map { $0 }.hex == "eead9d67890cbb22392336fea1851f38")
    }

    /// McGrew and Viega, test cases 13 and 14.
    @Test(.enabled(if: Wire.Suite.aesGCM.isAvailable)) func aesGCMOfItsAuthors() throws {
        var key = try AEADKey(.aesGCM, key: SecretBytes([UInt8](repeating: 0, count: 32)))
        #expect(try seal(&key, [], 0).hex == "530f8afbc74536b9a963b4f1c4cb738b")
        let block = try seal(&key, [UInt8](repeating: 0, count: 16), 0)
        #expect(block.hex == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    }

    private func seal(_ key: inout AEADKey, _ text: [UInt8], _ nonce: UInt64, _ data: [UInt8] = []) throws -> [UInt8] {
        var bytes = text + [UInt8](repeating: 0, count: 16)
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try key.seal(&span, nonce: nonce, associatedData: data.span.bytes)
        return bytes
    }

    private func secret(_ hex: String) -> SecretBytes { SecretBytes([UInt8](hex: hex) ?? []) }
}
