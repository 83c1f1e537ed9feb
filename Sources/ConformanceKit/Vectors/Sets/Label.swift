import Wire

/// Bytes that follow from a label: SHA-256 of it, and of it with a counter for more. No chance in any vector.
enum Label {
    /// The 32 bytes of a label.
    static func bytes(_ label: String) -> [UInt8] { SHA256.hash(Array("wiremesh vectors: \(label)".utf8)).bytes }

    /// `count` bytes of a label.
    static func bytes(_ label: String, _ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        var block = 0
        while out.count < count {
            out += bytes("\(label) #\(block)")
            block += 1
        }
        return Array(out.prefix(count))
    }

    static func hex(_ label: String) -> VectorValue { .hex(bytes(label)) }
    static func hex(_ label: String, _ count: Int) -> VectorValue { .hex(bytes(label, count)) }
}
