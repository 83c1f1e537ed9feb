/// Capabilities on the wire: a list sorted by the bytes of the key, so that there is one encoding and no duplicate.
/// An element is `u16 key length || key || u8 kind || value`.
enum Capabilities {
    private enum Kind: UInt8 {
        case bool = 1
        case int = 2
        case double = 3
        case text = 4
        case json = 5
    }

    /// The elements for `TLVWriter.put(_:list:)`.
    static func encode(_ type: UInt16, _ capabilities: [String: CapabilityValue]) throws(WireError) -> [[UInt8]] {
        try checkCount(capabilities.count, limit: Limits.capabilities)
        var elements: [[UInt8]] = []
        for (key, value) in capabilities.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard !key.isEmpty, key.utf8.count <= Limits.capabilityText else { throw .badLength(type) }
            let length = UInt16(truncatingIfNeeded: key.utf8.count)
            var element = [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
            element.append(contentsOf: key.utf8)
            try append(type, value, to: &element)
            elements.append(element)
        }
        return elements
    }

    static func decode(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [String: CapabilityValue] {
        var list = try bytes.nonEmptyList(field, limit: Limits.capabilities)
        var capabilities: [String: CapabilityValue] = [:]
        var last: String?
        while let range = try list.next(in: bytes) {
            let (key, value) = try element(bytes.extracting(range), field.type)
            if let last, !last.utf8.lexicographicallyPrecedes(key.utf8) { throw .unordered(field.type) }  // CONV-4.15
            // Keys that differ in bytes may be equal as Swift strings (combining marks); the later would replace the earlier.
            guard capabilities.updateValue(value, forKey: key) == nil else { throw .badValue(field.type) }
            last = key
        }
        return capabilities
    }

    private static func append(_ type: UInt16, _ value: CapabilityValue, to element: inout [UInt8]) throws(WireError) {
        func word(_ bits: UInt64) {
            for shift in stride(from: 56, through: 0, by: -8) { element.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
        }
        switch value {
        case .bool(let flag):
            element += [Kind.bool.rawValue, flag ? 1 : 0]
        case .int(let number):
            element.append(Kind.int.rawValue)
            word(UInt64(bitPattern: number))
        case .double(let number):
            guard number.isFinite else { throw .badValue(type) }
            element.append(Kind.double.rawValue)
            word(number.bitPattern)
        case .text(let text):
            try checkText(type, text, limit: Limits.capabilityText)
            element.append(Kind.text.rawValue)
            element.append(contentsOf: text.utf8)
        case .json(let text):
            try checkText(type, text, limit: Limits.capabilityJSON)
            element.append(Kind.json.rawValue)
            element.append(contentsOf: text.utf8)
        }
    }

    private static func element(_ bytes: RawSpan, _ type: UInt16) throws(WireError) -> (String, CapabilityValue) {
        let length = Int(try bytes.integer(UInt16.self, at: 0))
        guard length > 0, length <= Limits.capabilityText, bytes.byteCount > 2 + length else { throw .badLength(type) }  // MSG-4.1
        let key = try bytes.text(TLVField(type: type, range: 2..<2 + length), limit: Limits.capabilityText)
        let value = TLVField(type: type, range: 3 + length..<bytes.byteCount)
        switch Kind(rawValue: try bytes.integer(UInt8.self, at: 2 + length)) {
        case .bool: return (key, .bool(try bytes.flag(value)))
        case .int: return (key, .int(Int64(bitPattern: try bytes.integer(UInt64.self, value))))
        case .double:
            let number = Double(bitPattern: try bytes.integer(UInt64.self, value))
            guard number.isFinite else { throw .badValue(type) }  // MSG-4.2
            return (key, .double(number))
        case .text: return (key, .text(try bytes.text(value, limit: Limits.capabilityText)))
        case .json: return (key, .json(try bytes.text(value, limit: Limits.capabilityJSON)))
        case nil: throw .badValue(type)
        }
    }
}
