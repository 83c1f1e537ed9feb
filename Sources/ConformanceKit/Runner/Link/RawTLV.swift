import Wire

/// A TLV stream field by field, in any order and with any contents: what a canonical writer refuses to write.
struct RawTLV: Hashable, Sendable {
    /// One field, as it will stand on the wire.
    struct Field: Hashable, Sendable {
        var type: UInt16
        var value: [UInt8]
    }

    var fields: [Field]

    init(_ fields: [(UInt16, [UInt8])]) { self.fields = fields.map { Field(type: $0.0, value: $0.1) } }

    /// Takes a stream apart; what cannot be read is left out.
    init(splitting bytes: [UInt8]) {
        fields = []
        var rest = bytes[...]
        while rest.count >= 4 {
            let start = rest.startIndex
            let type = UInt16(rest[start]) << 8 | UInt16(rest[start + 1])
            let length = Int(rest[start + 2]) << 8 | Int(rest[start + 3])
            rest = rest.dropFirst(4)
            fields.append(Field(type: type, value: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
    }

    var encoded: [UInt8] { fields.flatMap { bigEndian($0.type) + be16($0.value.count) + $0.value } }

    /// The value of the first field of `type`.
    subscript(type: UInt16) -> [UInt8]? {
        get { fields.first { $0.type == type }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.type == type } }
            if let index = fields.firstIndex(where: { $0.type == type }) {
                fields[index].value = newValue
            } else {
                fields.insert(Field(type: type, value: newValue), at: fields.firstIndex { $0.type > type } ?? fields.count)
            }
        }
    }

    /// The same with `field` at its end, wherever it belongs.
    func appending(_ type: UInt16, _ value: [UInt8]) -> RawTLV {
        var copy = self
        copy.fields.append(Field(type: type, value: value))
        return copy
    }

    /// A list value: each element behind its length.
    static func list(_ elements: [[UInt8]]) -> [UInt8] { elements.flatMap { be16($0.count) + $0 } }
}
