internal import NIOCore
internal import Wire

/// A value that writes itself as JSON.
package protocol JSONWritable {
    func write(to json: inout JSONWriter)
}

extension String: JSONWritable {
    package func write(to json: inout JSONWriter) { json.string(self) }
}

extension Bool: JSONWritable {
    package func write(to json: inout JSONWriter) { json.raw(self ? "true" : "false") }
}

extension JSONWritable where Self: BinaryInteger {
    package func write(to json: inout JSONWriter) { json.raw(String(self)) }
}

extension Int: JSONWritable {}
extension Int64: JSONWritable {}
extension UInt8: JSONWritable {}
extension UInt16: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}

extension Double: JSONWritable {
    /// JSON knows no infinity: what is not finite becomes null.
    package func write(to json: inout JSONWriter) { isFinite ? json.raw(description) : json.null() }
}

extension Array: JSONWritable where Element: JSONWritable {
    package func write(to json: inout JSONWriter) { json.array(self) { $1.write(to: &$0) } }
}

extension JSONValue: JSONWritable {
    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .bool(let flag): flag.write(to: &json)
        case .number(let text): json.raw(text)
        case .string(let text): json.string(text)
        case .array(let elements): elements.write(to: &json)
        case .object(let members):
            json.object { json in
                for member in members {
                    json.name(member.name)
                    member.value.write(to: &json)
                }
            }
        }
    }

    /// The value as compact JSON text.
    package var encoded: String {
        var json = JSONWriter()
        write(to: &json)
        return String(buffer: json.buffer)
    }
}

extension CapabilityValue: JSONWritable {
    package func write(to json: inout JSONWriter) {
        switch self {
        case .bool(let flag): flag.write(to: &json)
        case .int(let number): number.write(to: &json)
        case .double(let number): number.write(to: &json)
        case .text(let text): json.string(text)
        case .json(let fragment):
            // A wire worker's fragment has not been looked at by anybody: what is not JSON must not break the answer.
            let isValid = (try? JSONParser.parse(Array(fragment.utf8))) != nil
            isValid ? json.raw(fragment) : json.string(fragment)
        }
    }

    /// Keeps what is a flag, an integer or a short text as such, and everything else as its JSON.
    init(_ value: JSONValue) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .number(let text): self = Int64(text).map { .int($0) } ?? .json(text)
        case .string(let text) where text.utf8.count <= Limits.capabilityText: self = .text(text)
        default: self = .json(value.encoded)
        }
    }
}

extension [String: CapabilityValue]: JSONWritable {
    /// In the order of the names, so that equal capabilities are equal bytes.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            for (name, value) in sorted(by: { $0.key < $1.key }) {
                json.name(name)
                value.write(to: &json)
            }
        }
    }
}
