import Wire

/// Writes a value as text: two spaces of indentation, one element a line, ASCII, a line end at the end. The same bytes as
/// Python's `json.dumps(value, indent=2) + "\n"`.
struct VectorWriter {
    private(set) var text = ""

    static func text(_ value: VectorValue) -> String {
        var writer = VectorWriter()
        writer.write(value, depth: 0)
        return writer.text + "\n"
    }

    private mutating func write(_ value: VectorValue, depth: Int) {
        switch value {
        case .string(let string): write(string)
        case .int(let number): text += String(number)
        case .bool(let flag): text += flag ? "true" : "false"
        case .array(let elements):
            block("[", "]", elements, depth) { writer, element in writer.write(element, depth: depth + 1) }
        case .object(let fields):
            block("{", "}", fields, depth) { writer, field in
                writer.write(field.name)
                writer.text += ": "
                writer.write(field.value, depth: depth + 1)
            }
        }
    }

    private mutating func block<T>(
        _ open: String, _ close: String, _ items: [T], _ depth: Int, _ body: (inout VectorWriter, T) -> Void
    ) {
        text += open
        for (index, item) in items.enumerated() {
            text += (index > 0 ? ",\n" : "\n") + String(repeating: "  ", count: depth + 1)
            body(&self, item)
        }
        text += (items.isEmpty ? "" : "\n" + String(repeating: "  ", count: depth)) + close
    }

    private mutating func write(_ string: String) {
        text += "\""
        for unit in string.utf16 {
            switch unit {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0x08: text += "\\b"
            case 0x0C: text += "\\f"
            case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: unit)))
            default: text += "\\u" + [UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit)].hex
            }
        }
        text += "\""
    }
}
