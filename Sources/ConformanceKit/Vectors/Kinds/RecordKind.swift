import Wire

extension VectorKind {
    /// Records of one direction, sealed one after the other.
    static let recordSeal = VectorKind("record-seal") { (input) throws(VectorFormatError) in
        let direction = try RecordDirection(&input)
        let plaintexts = try input.hexes("plaintexts")
        return {
            var cipher = try direction.cipher()
            let records = try plaintexts.map { plaintext in VectorValue.hex(try cipher.sealed(plaintext)) }
            return ["records": .array(records)]
        }
    }

    /// Records of one direction, opened one after the other. One that does not open costs the receiver nothing; the last one decides.
    static let recordOpen = VectorKind("record-open") { (input) throws(VectorFormatError) in
        let direction = try RecordDirection(&input)
        let records = try input.hexes("records")
        return {
            var cipher = try direction.cipher()
            var results: [VectorValue] = []
            for (index, record) in records.enumerated() {
                do throws(WireError) {
                    results.append(["plaintext": .hex(try cipher.opened(record))])
                } catch {
                    guard index < records.count - 1, let name = VectorError.name(of: error) else { throw error }
                    results.append(["error": .string(name)])
                }
            }
            return ["results": .array(results)]
        }
    }
}

/// The cipher of one direction as an input describes it.
private struct RecordDirection {
    var suite: Suite
    var key: SecretBytes
    var nonce: UInt64

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        suite = try input.suite()
        key = try input.secret("key")
        nonce = try input.u64("nonce")
    }

    func cipher() throws(WireError) -> RecordCipher { RecordCipher(try CipherState(suite, key: key, nonce: nonce)) }
}

extension RecordCipher {
    /// The ciphertext of `plaintext` with its tag.
    mutating func sealed(_ plaintext: [UInt8]) throws(WireError) -> [UInt8] {
        guard plaintext.count <= Limits.recordPlaintext else { throw .oversized }
        var text = plaintext + [UInt8](repeating: 0, count: Limits.tag)
        var elements = text.mutableSpan
        var bytes = elements.mutableBytes
        try seal(&bytes)
        return text
    }

    /// The plaintext of `record`.
    mutating func opened(_ record: [UInt8]) throws(WireError) -> [UInt8] {
        var text = record
        var elements = text.mutableSpan
        var bytes = elements.mutableBytes
        try open(&bytes)
        text.removeLast(Limits.tag)
        return text
    }
}
