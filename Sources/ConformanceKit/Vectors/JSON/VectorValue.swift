import Wire

/// A value of a vector file: JSON without fractions and without null, whose objects keep the order of their fields.
///
/// Values compare by content, order included; the lines where they stood do not count.
public indirect enum VectorValue: Hashable, Sendable {
    case string(String)
    case int(Int)
    case bool(Bool)
    case array([VectorValue])
    case object([Field])

    /// A field of an object, and the line where it stood in a file; 0 for one that was made here.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: VectorValue
        public var line: Int

        public init(_ name: String, _ value: VectorValue, line: Int = 0) {
            self.name = name
            self.value = value
            self.line = line
        }

        public static func == (a: Field, b: Field) -> Bool { a.name == b.name && a.value == b.value }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

extension VectorValue {
    /// Lower-case hexadecimal.
    static func hex(_ bytes: [UInt8]) -> VectorValue { .string(bytes.hex) }
    /// A number that may exceed 2^53: a decimal string.
    static func u64(_ value: UInt64) -> VectorValue { .string(String(value)) }
    /// A number that never does.
    static func number(_ value: some BinaryInteger) -> VectorValue { .int(Int(clamping: value)) }

    /// The fields of an object; none for anything else.
    var fields: [Field] { if case .object(let fields) = self { fields } else { [] } }
    /// The elements of an array; none for anything else.
    var elements: [VectorValue] { if case .array(let elements) = self { elements } else { [] } }
    /// The text of a string.
    var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The field called `name` of an object.
    subscript(name: String) -> VectorValue? { fields.first { $0.name == name }?.value }

    /// The same object with the field called `name` set to `value`, in its place or at the end.
    func setting(_ name: String, _ value: VectorValue) -> VectorValue {
        var fields = fields
        if let index = fields.firstIndex(where: { $0.name == name }) {
            fields[index].value = value
        } else {
            fields.append(Field(name, value))
        }
        return .object(fields)
    }
}

extension VectorValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    public init(dictionaryLiteral elements: (String, VectorValue)...) { self = .object(elements.map { Field($0, $1) }) }
    public init(arrayLiteral elements: VectorValue...) { self = .array(elements) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
