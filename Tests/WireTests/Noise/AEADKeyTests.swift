import Testing
import Wire

@Suite struct AEADKeyTests {
    /// Around the length from which another provider seals, blocks that are full and not, and the greatest record.
    private static let lengths = [0, 1, 15, 16, Limits.bulkRecord - 1, Limits.bulkRecord, Limits.bulkRecord + 1, 4_096, 5_000, 65_519]

    @Test(arguments: Wire.Suite.available, lengths)
    func whatIsSealedOpensAndNothingElseDoes(suite: Wire.Suite, length: Int) throws {
        let secret = SecretBytes([UInt8](repeating: 9, count: 32))
        var sealer = try AEADKey(suite, key: secret)
        var opener = try AEADKey(suite, key: secret)
        let text = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let data = [UInt8]("associated".utf8)
        let sealed = try Self.run(text + [UInt8](repeating: 0, count: Limits.tag)) { bytes throws(WireError) in
            try sealer.seal(&bytes, nonce: 7, associatedData: data.span.bytes)
        }
        let opened = try Self.run(sealed) { bytes throws(WireError) in try opener.open(&bytes, nonce: 7, associatedData: data.span.bytes) }
        #expect(opened.prefix(length) == text[...])

        for position in Set([0, length / 2, length, sealed.count - 1]) {
            var forged = sealed
            forged[position] ^= 0x80
            #expect(throws: WireError.authentication) {
                _ = try Self.run(forged) { bytes throws(WireError) in
                    try opener.open(&bytes, nonce: 7, associatedData: data.span.bytes)
                }
            }
        }
        for (nonce, other) in [(8, data), (7, [])] as [(UInt64, [UInt8])] {
            #expect(throws: WireError.authentication) {
                _ = try Self.run(sealed) { bytes throws(WireError) in
                    try opener.open(&bytes, nonce: nonce, associatedData: other.span.bytes)
                }
            }
        }
    }

    /// Both directions of one key, and again after an idle time.
    @Test(arguments: Wire.Suite.available)
    func oneKeySealsAndOpens(suite: Wire.Suite) throws {
        var key = try AEADKey(suite, key: SecretBytes([UInt8](repeating: 4, count: 32)))
        let text = [UInt8](repeating: 5, count: 3_000)
        for nonce in UInt64(0)..<4 {
            let sealed = try Self.run(text + [UInt8](repeating: 0, count: Limits.tag)) { bytes throws(WireError) in
                try key.seal(&bytes, nonce: nonce, associatedData: RawSpan())
            }
            let opened = try Self.run(sealed) { bytes throws(WireError) in
                try key.open(&bytes, nonce: nonce, associatedData: RawSpan())
            }
            #expect(opened.prefix(text.count) == text[...])
            if nonce == 1 { key.trim() }
        }
    }

    #if OpenSSL
        /// Otherwise the tests above would say nothing of it.
        @Test func openSSLHasPassedItsTest() { #expect(BulkAEAD.isInUse) }
    #endif

    private static func run(
        _ bytes: [UInt8], _ body: (inout MutableRawSpan) throws(WireError) -> Void
    ) throws(WireError) -> [UInt8] {
        var bytes = bytes
        var elements = bytes.mutableSpan
        var raw = elements.mutableBytes
        try body(&raw)
        return bytes
    }
}
