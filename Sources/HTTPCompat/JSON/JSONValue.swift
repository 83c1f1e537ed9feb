/// A JSON document as it came: numbers keep their text and objects their order, so that what a client gave is handed
/// back unchanged.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, valid by RFC 8259: no precision is lost on the way through.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One name and its value. Names may repeat, as RFC 8259 allows; the last one counts.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The last member of an object with this name; `nil` if there is none or this is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string; `nil` for anything else.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements of an array; `nil` for anything else.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object; `nil` for anything else.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The value of `true` or `false`; `nil` for anything else.
    public var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// A number's value, rounded to the nearest double; `nil` for anything else and for a number out of range.
    public var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// A number without a fraction, also when it is written with one (`3.0`); `nil` for anything else.
    public var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }
}

// Not by a nil literal: where an optional JSONValue is meant, `nil` would silently become JSON's null.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    public init(floatLiteral value: Double) { self = .number(String(value)) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
