/// One direction of an established link: Noise's transport cipher with the protocol's rekey schedule.
///
/// Both sides count the same records, so both rekey at the same ones.
public struct RecordCipher: ~Copyable, Sendable {
    private var cipher: CipherState
    private let interval: UInt64
    private var untilRekey: UInt64

    /// `interval` is in records, at least 1. A cipher whose nonce is not 0 goes on where a direction of that many records stands;
    /// its key is then the one after the rekeys before.
    package init(_ cipher: consuming CipherState, rekeyInterval interval: UInt64 = Limits.rekeyInterval) {
        self.interval = max(1, interval)
        untilRekey = self.interval - cipher.nonce % self.interval
        self.cipher = cipher
    }

    /// A direction whose 32-byte key both sides have by other means than a handshake.
    public init(_ suite: Suite, key: SecretBytes) throws(WireError) {
        self.init(try CipherState(suite, key: key))
    }

    /// Encrypts all but the last 16 bytes in place and writes the tag into those. `truncated` for less than a tag,
    /// `exhausted` after 2^64 - 1 records.
    public mutating func seal(_ bytes: inout MutableRawSpan) throws(WireError) {
        try cipher.encrypt(&bytes)
        try countRecord()
    }

    /// Decrypts in place: the plaintext is all but the last 16 bytes. `authentication` where the tag is wrong, or where there is
    /// nothing but a tag: the nonce stays, so that a good record still opens, and the bytes are no longer of use.
    public mutating func open(_ bytes: inout MutableRawSpan) throws(WireError) {
        guard bytes.byteCount > Limits.tag else { throw .authentication }  // REC-4.2
        try cipher.decrypt(&bytes)
        try countRecord()
    }

    /// Decrypts `sealed` to the first bytes of `plaintext`, 16 less, and otherwise as `open(_:)` does.
    public mutating func open(_ sealed: RawSpan, into plaintext: inout MutableRawSpan) throws(WireError) {
        guard sealed.byteCount > Limits.tag else { throw .authentication }  // REC-4.2
        try cipher.decrypt(sealed, into: &plaintext)
        try countRecord()
    }

    /// Gives back what large records needed beyond the key: for a link that is idle.
    package mutating func trim() { cipher.trim() }

    private mutating func countRecord() throws(WireError) {
        untilRekey -= 1
        guard untilRekey == 0 else { return }
        untilRekey = interval
        try cipher.rekey()  // REC-3.1
    }
}
