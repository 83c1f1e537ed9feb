/// One AEAD key. Wiped at the end of its life.
///
/// libsodium does what is small. Large records are another provider's where one is there that is faster at them; it is not made before
/// the first of them, so that an idle link keeps nothing for it.
package struct AEADKey: ~Copyable, @unchecked Sendable {
    let suite: Suite
    private let base: UnsafeMutableRawPointer
    private var bulk: UnsafeMutableRawPointer?

    /// `badPreface` for a suite that this machine cannot run.
    package init(_ suite: Suite, key: SecretBytes) throws(WireError) {
        guard key.count == SodiumAEAD.keyLength, suite.isAvailable, let base = key.withPointer({ SodiumAEAD.make(suite, key: $0) })
        else { throw .badPreface }
        self.suite = suite
        self.base = base
        bulk = nil
    }

    deinit {
        SodiumAEAD.free(base, suite)
        if let bulk { BulkAEAD.provider?.free(bulk, suite) }
    }

    /// Encrypts all but the last 16 bytes in place and writes the tag into those. `exhausted` where the library has no memory for it.
    package mutating func seal(_ bytes: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Limits.tag else { throw .truncated }
        let count = bytes.byteCount - Limits.tag
        prepare(count)
        let isSealed = bytes.withUnsafeMutableBytes { bytes in
            associatedData.withUnsafeBytes { data in
                AEADNonce.with(suite, nonce) { nonce in
                    if count >= Limits.bulkRecord, let bulk, let provider = BulkAEAD.provider {
                        return provider.seal(bulk, suite, bytes.bound, count, nonce: nonce, data: data)
                    }
                    return SodiumAEAD.seal(base, suite, bytes.bound, count, nonce: nonce, data: data)
                }
            }
        }
        guard isSealed else { throw .exhausted }
    }

    /// Checks the tag in the last 16 bytes and decrypts those before it in place; `authentication` where it is wrong.
    package mutating func open(_ bytes: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Limits.tag else { throw .truncated }
        prepare(bytes.byteCount - Limits.tag)
        let isGenuine = bytes.withUnsafeMutableBytes { bytes in
            open(UnsafeRawBufferPointer(bytes), to: bytes.bound, nonce, associatedData)
        }
        guard isGenuine else { throw .authentication }
    }

    /// The same from `sealed` to the first bytes of `plaintext`, 16 less.
    package mutating func open(
        _ sealed: RawSpan, into plaintext: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan
    ) throws(WireError) {
        guard sealed.byteCount >= Limits.tag, plaintext.byteCount >= sealed.byteCount - Limits.tag else { throw .truncated }
        prepare(sealed.byteCount - Limits.tag)
        let isGenuine = plaintext.withUnsafeMutableBytes { plaintext in
            sealed.withUnsafeBytes { open($0, to: plaintext.bound, nonce, associatedData) }
        }
        guard isGenuine else { throw .authentication }
    }

    private func open(
        _ sealed: UnsafeRawBufferPointer, to text: UnsafeMutablePointer<UInt8>, _ nonce: UInt64, _ associatedData: RawSpan
    ) -> Bool {
        let count = sealed.count - Limits.tag
        return associatedData.withUnsafeBytes { data in
            AEADNonce.with(suite, nonce) { nonce in
                if count >= Limits.bulkRecord, let bulk, let provider = BulkAEAD.provider {
                    return provider.open(bulk, suite, sealed.bound, to: text, count, nonce: nonce, data: data)
                }
                return SodiumAEAD.open(base, suite, sealed.bound, to: text, count, nonce: nonce, data: data)
            }
        }
    }

    /// Gives back what large records needed.
    package mutating func trim() {
        if let bulk { BulkAEAD.provider?.free(bulk, suite) }
        bulk = nil
    }

    private mutating func prepare(_ count: Int) {
        guard count >= Limits.bulkRecord, bulk == nil, let provider = BulkAEAD.provider else { return }
        bulk = provider.make(suite, key: SodiumAEAD.key(base, suite))
    }
}
