import Wire

/// Builds TLV streams that need not be canonical: the writer of the production code refuses to.
enum TLVBytes {
    static func field(_ type: UInt16, _ value: [UInt8], length: Int? = nil) -> [UInt8] {
        var out: [UInt8] = []
        out.appendInteger(type)
        out.appendInteger(UInt16(truncatingIfNeeded: length ?? value.count))
        return out + value
    }

    static func text(_ type: UInt16, _ text: String) -> [UInt8] { field(type, Array(text.utf8)) }

    static func integer(_ type: UInt16, _ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        var out: [UInt8] = []
        out.appendInteger(value)
        return field(type, out)
    }

    /// The elements of a list, each behind its u16 length.
    static func list(_ elements: [[UInt8]]) -> [UInt8] {
        elements.flatMap { element in
            var out: [UInt8] = []
            out.appendInteger(UInt16(truncatingIfNeeded: element.count))
            return out + element
        }
    }

    /// The fields of a canonical stream.
    static func split(_ stream: [UInt8]) -> [(type: UInt16, value: [UInt8])] {
        var fields: [(type: UInt16, value: [UInt8])] = []
        var rest = stream[...]
        while rest.count >= 4 {
            let header = Array(rest.prefix(4))
            let type = UInt16(header[0]) << 8 | UInt16(header[1])
            let length = Int(header[2]) << 8 | Int(header[3])
            fields.append((type, Array(rest.dropFirst(4).prefix(length))))
            rest = rest.dropFirst(4 + length)
        }
        return fields
    }

    static func join(_ fields: [(type: UInt16, value: [UInt8])]) -> [UInt8] { fields.flatMap { field($0.type, $0.value) } }
}
