/// The choice of what seals and opens large records.
package enum BulkAEAD {
    /// `nil` where libsodium does everything: no other provider is built in, or it has not passed its test.
    static let provider: (any AEADProvider.Type)? = candidate.flatMap { isSound($0) ? $0 : nil }

    /// Whether large records are another provider's than small ones.
    package static var isInUse: Bool { provider != nil }

    #if OpenSSL
        private static let candidate: (any AEADProvider.Type)? = OpenSSLAEAD.self
    #else
        private static let candidate: (any AEADProvider.Type)? = nil
    #endif

    /// Whether it does what libsodium does: the same bytes for a record, which opens again, and not once a byte of it is another.
    private static func isSound(_ candidate: any AEADProvider.Type) -> Bool {
        Suite.available.allSatisfy { suite in
            let key = SecretBytes([UInt8](0..<32))
            guard let base = key.withPointer({ SodiumAEAD.make(suite, key: $0) }) else { return false }
            defer { SodiumAEAD.free(base, suite) }
            guard let bulk = key.withPointer({ candidate.make(suite, key: $0) }) else { return false }
            defer { candidate.free(bulk, suite) }
            return agree(candidate, bulk, base, suite)
        }
    }

    private static func agree(
        _ candidate: any AEADProvider.Type, _ bulk: UnsafeMutableRawPointer, _ base: UnsafeMutableRawPointer, _ suite: Suite
    ) -> Bool {
        let count = 5_000  // no multiple of a block, nor of what is done in one step
        let text = (0..<count + Limits.tag).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        return [UInt8]("data".utf8).withUnsafeBytes { data in
            AEADNonce.with(suite, 1 << 40 | 3) { nonce in
                var expected = text
                var sealed = text
                let areSealed =
                    expected.withUnsafeMutableBytes { SodiumAEAD.seal(base, suite, $0.bound, count, nonce: nonce, data: data) }
                    && sealed.withUnsafeMutableBytes { candidate.seal(bulk, suite, $0.bound, count, nonce: nonce, data: data) }
                guard areSealed, sealed == expected else { return false }
                func opens(_ bytes: inout [UInt8]) -> Bool {
                    bytes.withUnsafeMutableBytes {
                        candidate.open(bulk, suite, UnsafePointer($0.bound), to: $0.bound, count, nonce: nonce, data: data)
                    }
                }
                var opened = sealed
                guard opens(&opened), opened.prefix(count) == text.prefix(count) else { return false }
                sealed[count / 2] ^= 1
                return !opens(&sealed)
            }
        }
    }
}
