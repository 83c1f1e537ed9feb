/// Reads the fields of a JSON body and gathers everything that does not fit, so that one refusal names it all.
///
/// A required field that does not fit reads as an empty value; `check` throws before it can be used.
struct FieldReader {
    private let body: JSONValue
    private var problems: [FieldProblem] = []

    /// - Parameter body: an object; anything else reads as one without fields, and `check` throws.
    init(_ body: JSONValue) {
        self.body = body
        if body.members == nil { problems = [.notAnObject(body)] }
    }

    /// Throws a refusal that names every problem so far.
    func check() throws(Refusal) {
        guard problems.isEmpty else { throw Refusal(problems) }
    }

    /// Adds a problem that the caller found in the value of `name`.
    mutating func refuse(_ name: String, _ reason: String) {
        problems.append(.badValue(["body", .string(name)], reason, input: body[name] ?? .null))
    }

    /// A required string.
    mutating func text(_ name: String) -> String {
        required(name, "string_type", "Input should be a valid string") { $0.text } ?? ""
    }

    /// A required object.
    mutating func map(_ name: String) -> [JSONValue.Member] {
        required(name, "dict_type", "Input should be a valid dictionary") { $0.members } ?? []
    }

    /// A string, or nothing.
    mutating func optionalText(_ name: String) -> String? {
        optional(name, "string_type", "Input should be a valid string") { $0.text }
    }

    /// A flag, or nothing.
    mutating func optionalFlag(_ name: String) -> Bool? {
        optional(name, "bool_type", "Input should be a valid boolean") { $0.flag }
    }

    /// An object, or nothing.
    mutating func optionalMap(_ name: String) -> [JSONValue.Member]? {
        optional(name, "dict_type", "Input should be a valid dictionary") { $0.members }
    }

    /// A list, or nothing.
    mutating func optionalList(_ name: String) -> [JSONValue]? {
        optional(name, "list_type", "Input should be a valid list") { $0.elements }
    }

    /// A list of strings, or nothing.
    mutating func optionalTexts(_ name: String) -> [String]? {
        optionalElements(name, "string_type", "Input should be a valid string") { $0.text }
    }

    /// A list of objects, or nothing.
    mutating func optionalMaps(_ name: String) -> [JSONValue]? {
        optionalElements(name, "dict_type", "Input should be a valid dictionary") { $0.members == nil ? nil : $0 }
    }

    /// A number, also one in a string, or nothing.
    mutating func optionalNumber(_ name: String) -> Double? {
        optional(name, "float_type", "Input should be a valid number") { value in
            value.double ?? value.text.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
        }
    }

    /// A number as it came, or nothing.
    mutating func optionalAmount(_ name: String) -> JSONValue? {
        optional(name, "float_type", "Input should be a valid number") { $0.double == nil ? nil : $0 }
    }

    /// A number without a fraction, also one in a string, or nothing.
    mutating func optionalInteger(_ name: String) -> Int64? {
        optional(name, "int_type", "Input should be a valid integer") { value in
            value.integer ?? value.text.flatMap { Int64($0) }
        }
    }
}

extension FieldReader {
    private mutating func required<T>(_ name: String, _ type: String, _ message: String, _ read: (JSONValue) -> T?) -> T? {
        guard let members = body.members else { return nil }
        guard let value = members.last(where: { $0.name == name })?.value else {
            problems.append(.missing(["body", .string(name)], in: body))
            return nil
        }
        return fit(value, ["body", .string(name)], type, message, read)
    }

    private mutating func optional<T>(_ name: String, _ type: String, _ message: String, _ read: (JSONValue) -> T?) -> T? {
        guard let value = body[name], value != .null else { return nil }
        return fit(value, ["body", .string(name)], type, message, read)
    }

    private mutating func optionalElements<T>(
        _ name: String, _ type: String, _ message: String, _ read: (JSONValue) -> T?
    ) -> [T]? {
        guard let elements = optionalList(name) else { return nil }
        var fitting: [T] = []
        for (index, element) in elements.enumerated() {
            let location: [JSONValue] = ["body", .string(name), .number(String(index))]
            if let value = fit(element, location, type, message, read) { fitting.append(value) }
        }
        return fitting
    }

    private mutating func fit<T>(
        _ value: JSONValue, _ location: [JSONValue], _ type: String, _ message: String, _ read: (JSONValue) -> T?
    ) -> T? {
        if let fitting = read(value) { return fitting }
        problems.append(FieldProblem(type: type, location: location, message: message, input: value))
        return nil
    }
}
