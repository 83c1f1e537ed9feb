/// What computes the AEADs of the protocol (RFC 8439; NIST SP 800-38D with AES-256), in time that does not depend on the bytes.
///
/// What it keeps for a key is a raw pointer that `AEADKey` owns: the optimiser of Swift 6.3 aborts on what else a type without
/// copies could hold here. Lengths are the caller's to check; a key is 32 bytes, a tag 16, a nonce 12.
protocol AEADProvider: SendableMetatype {
    /// What it keeps for a key, for `free`. `nil` where it has no such cipher, or no memory.
    static func make(_ suite: Suite, key: UnsafePointer<UInt8>) -> UnsafeMutableRawPointer?
    /// Wipes it.
    static func free(_ state: UnsafeMutableRawPointer, _ suite: Suite)
    /// Encrypts `count` bytes at `text` in place and writes the tag behind them. Returns whether it could.
    static func seal(
        _ state: UnsafeMutableRawPointer, _ suite: Suite, _ text: UnsafeMutablePointer<UInt8>, _ count: Int,
        nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
    ) -> Bool
    /// Decrypts `count` bytes from `sealed`, which the tag follows, to `text`, which may be the same place. Returns whether the tag was
    /// right; where it was not, what is at `text` is of no use.
    static func open(
        _ state: UnsafeMutableRawPointer, _ suite: Suite, _ sealed: UnsafePointer<UInt8>, to text: UnsafeMutablePointer<UInt8>,
        _ count: Int, nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
    ) -> Bool
}

/// Noise's nonce: 32 zero bits, then the counter, little-endian for ChaChaPoly and big-endian for AESGCM (Noise 12.3, 12.4).
enum AEADNonce {
    static func with<R>(_ suite: Suite, _ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: 12, alignment: 4) { nonce in
            nonce.storeBytes(of: 0, as: UInt32.self)
            nonce.storeBytes(of: suite == .aesGCM ? counter.bigEndian : counter.littleEndian, toByteOffset: 4, as: UInt64.self)
            return body(UnsafePointer(nonce.bound))
        }
    }
}
