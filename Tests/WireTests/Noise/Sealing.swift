import Wire

extension CipherState {
    mutating func sealed(_ text: [UInt8]) throws -> [UInt8] {
        try inPlace(text + [UInt8](repeating: 0, count: Limits.tag)) { (span) throws(WireError) in try encrypt(&span) }
    }

    mutating func opened(_ bytes: [UInt8]) throws -> [UInt8] {
        try inPlace(bytes) { (span) throws(WireError) in try decrypt(&span) }.dropLast(Limits.tag)
    }
}

extension RecordCipher {
    mutating func sealed(_ text: [UInt8]) throws -> [UInt8] {
        try inPlace(text + [UInt8](repeating: 0, count: Limits.tag)) { (span) throws(WireError) in try seal(&span) }
    }

    mutating func opened(_ bytes: [UInt8]) throws -> [UInt8] {
        try inPlace(bytes) { (span) throws(WireError) in try open(&span) }.dropLast(Limits.tag)
    }
}

private func inPlace(_ bytes: [UInt8], _ body: (inout MutableRawSpan) throws(WireError) -> Void) throws -> [UInt8] {
    var bytes = bytes
    var elements = bytes.mutableSpan
    var span = elements.mutableBytes
    try body(&span)
    return bytes
}
