/// Noise's CipherState: a key and the nonce of the next message (Noise 5.1).
///
/// The nonce advances only when an operation succeeds, so a forged message costs the peer nothing.
package struct CipherState: ~Copyable, Sendable {
    private var key: AEADKey
    /// The nonce of the next message. The last value is reserved for `rekey`.
    package private(set) var nonce: UInt64

    package init(_ suite: Suite, key: SecretBytes, nonce: UInt64 = 0) throws(WireError) {
        self.key = try AEADKey(suite, key: key)
        self.nonce = nonce
    }

    /// Encrypts all but the last 16 bytes in place and writes the tag into those. `exhausted` when the nonces are used up.
    package mutating func encrypt(_ bytes: inout MutableRawSpan, associatedData: RawSpan = RawSpan()) throws(WireError) {  // REC-2.1
        guard nonce < .max else { throw .exhausted }  // REC-2.2
        try key.seal(&bytes, nonce: nonce, associatedData: associatedData)
        nonce += 1  // REC-2.3
    }

    /// Decrypts in place; the plaintext is all but the last 16 bytes. `authentication` where the tag is wrong: the nonce stays,
    /// and the bytes are no longer of use.
    package mutating func decrypt(_ bytes: inout MutableRawSpan, associatedData: RawSpan = RawSpan()) throws(WireError) {
        guard nonce < .max else { throw .exhausted }
        try key.open(&bytes, nonce: nonce, associatedData: associatedData)
        nonce += 1
    }

    /// Decrypts `sealed` to the first bytes of `plaintext`, 16 less, and otherwise as `decrypt(_:)` does.
    package mutating func decrypt(_ sealed: RawSpan, into plaintext: inout MutableRawSpan) throws(WireError) {
        guard nonce < .max else { throw .exhausted }
        try key.open(sealed, into: &plaintext, nonce: nonce, associatedData: RawSpan())  // REC-4.3
        nonce += 1
    }

    /// Gives back what large messages needed beyond the key.
    mutating func trim() { key.trim() }

    /// Replaces the key by the first 32 bytes of ENCRYPT(k, 2^64-1, "", 32 zero bytes). The nonce goes on.
    package mutating func rekey() throws(WireError) {
        var failure: WireError?
        let fresh = SecretBytes(count: 32 + Limits.tag) { block in
            var span = MutableRawSpan(_unsafeBytes: block)
            do throws(WireError) { try key.seal(&span, nonce: .max, associatedData: RawSpan()) } catch { failure = error }
        }
        if let failure { throw failure }
        key = try AEADKey(key.suite, key: fresh.prefix(32))  // REC-3.2
    }
}

/// What a finished handshake splits into: one cipher per direction.
@frozen
package struct TransportCiphers: ~Copyable, Sendable {
    package var send: CipherState
    package var receive: CipherState
    /// The keys they begin with, the initiator's first: for a key log.
    package let secrets: (initiator: SecretBytes, responder: SecretBytes)
}
