import CVectorSchema

/// What a file of vectors must look like: spec/vectors/schema.json, which is compiled in.
///
/// Knows the keywords of JSON Schema that this schema uses, and refuses one that uses others, so that none is passed over.
struct VectorSchema: Sendable {
    /// spec/vectors/schema.json.
    static let vectors = Result { () throws(VectorFormatError) in
        var length = 0
        let start = wiremesh_vector_schema(&length)
        return VectorSchema(root: try VectorParser.parse([UInt8](UnsafeBufferPointer(start: start, count: length))))
    }

    private let root: VectorValue

    init(root: VectorValue) { self.root = root }

    /// Throws the first thing in `file` that is otherwise than the schema says, with its line.
    func check(_ file: VectorValue) throws(VectorFormatError) {
        try check(file, root, Place(name: "the file", line: 1))
    }

    /// A value of the file: what it is called, and the line to name where it has none of its own.
    private struct Place {
        var name: String
        var line: Int

        func refuse(_ reason: String) -> VectorFormatError { VectorFormatError(line: line, "\(name) \(reason)") }
    }

    private func check(_ value: VectorValue, _ schema: VectorValue, _ place: Place) throws(VectorFormatError) {
        let place = Place(name: place.name, line: value.fields.first?.line ?? place.line)
        for keyword in schema.fields {
            switch keyword.name {
            case "$ref": try check(value, try definition(keyword.value, place), place)
            case "type", "enum", "const", "pattern", "minimum", "maximum", "minLength", "minItems", "uniqueItems":
                guard try holds(keyword, value, place) else { throw place.refuse("must " + demand(keyword, schema)) }
            case "required": try checkRequired(value, keyword.value, place)
            case "properties": try checkProperties(value, keyword.value, place)
            case "additionalProperties": try checkNothingElse(value, schema, place)
            case "items": for element in value.elements { try check(element, keyword.value, place) }
            case "allOf": for part in keyword.value.elements { try check(value, part, place) }
            case "anyOf": try checkForms(value, keyword.value.elements, place, areExclusive: false)
            case "oneOf": try checkForms(value, keyword.value.elements, place, areExclusive: true)
            case "if": if let then = schema["then"], matches(value, keyword.value, place) { try check(value, then, place) }
            case "then", "$schema", "$defs", "$comment", "title", "description": break
            default: throw place.refuse("has a schema with the keyword \(keyword.name), which is not known here")
            }
        }
    }

    private func matches(_ value: VectorValue, _ schema: VectorValue, _ place: Place) -> Bool {
        (try? check(value, schema, place)) != nil
    }

    private func definition(_ reference: VectorValue, _ place: Place) throws(VectorFormatError) -> VectorValue {
        guard let name = reference.text?.split(separator: "/").last, let found = root["$defs"]?[String(name)] else {
            throw place.refuse("has a schema that refers to nothing")
        }
        return found
    }
}

// MARK: - Objects and forms

extension VectorSchema {
    private func checkRequired(_ value: VectorValue, _ names: VectorValue, _ place: Place) throws(VectorFormatError) {
        guard case .object = value else { return }
        for name in names.elements.compactMap(\.text) where value[name] == nil {
            throw VectorFormatError(line: place.line, "the field \"\(name)\" is missing")
        }
    }

    private func checkProperties(_ value: VectorValue, _ schemas: VectorValue, _ place: Place) throws(VectorFormatError) {
        for field in value.fields {
            guard let schema = schemas[field.name] else { continue }
            try check(field.value, schema, Place(name: "\"\(field.name)\"", line: field.line))
        }
    }

    private func checkNothingElse(_ value: VectorValue, _ schema: VectorValue, _ place: Place) throws(VectorFormatError) {
        for field in value.fields where schema["properties"]?[field.name] == nil {
            throw VectorFormatError(line: field.line, "unknown field \"\(field.name)\"")
        }
    }

    /// One of several forms. Where its constants tell which one is meant, what is wrong with that one is said.
    private func checkForms(
        _ value: VectorValue, _ forms: [VectorValue], _ place: Place, areExclusive: Bool
    ) throws(VectorFormatError) {
        let meant = forms.filter { form in
            form["properties"]?.fields.allSatisfy { $0.value["const"] == nil || $0.value["const"] == value[$0.name] } ?? true
        }
        if meant.count == 1 { return try check(value, meant[0], place) }
        let count = forms.count { matches(value, $0, place) }
        guard count == 1 || !areExclusive && count > 1 else { throw place.refuse("must have one of \(forms.count) forms") }
    }
}

// MARK: - Single values

extension VectorSchema {
    private func holds(_ keyword: VectorValue.Field, _ value: VectorValue, _ place: Place) throws(VectorFormatError) -> Bool {
        switch (keyword.name, keyword.value, value) {
        case ("type", let type, _): return type.text == value.type
        case ("enum", let choices, _): return choices.elements.contains(value)
        case ("const", let constant, _): return constant == value
        case ("pattern", let pattern, .string(let text)): return try Self.matches(text, pattern.text ?? "", place)
        case ("minimum", .int(let least), .int(let number)): return number >= least
        case ("maximum", .int(let most), .int(let number)): return number <= most
        case ("minLength", .int(let least), .string(let text)): return text.unicodeScalars.count >= least
        case ("minItems", .int(let least), .array(let elements)): return elements.count >= least
        case ("uniqueItems", .bool(true), .array(let elements)): return Set(elements).count == elements.count
        default: return true
        }
    }

    /// What a value must do for the keyword: "be a string". The schema's comment says it best.
    private func demand(_ keyword: VectorValue.Field, _ schema: VectorValue) -> String {
        if let comment = schema["$comment"]?.text { return "be \(comment)" }
        return switch (keyword.name, keyword.value) {
        case ("type", .string("object")): "be an object"
        case ("type", .string("array")): "be an array"
        case ("type", .string("boolean")): "be true or false"
        case ("type", .string("string")): "be a string"
        case ("type", _), ("minimum", _), ("maximum", _): "be a whole number" + Self.range(schema)
        case ("enum", let choices): "be one of " + choices.elements.map(Self.plain).joined(separator: ", ")
        case ("const", let constant): "be " + Self.plain(constant)
        case ("pattern", let pattern): "be of the form " + (pattern.text ?? "")
        case ("uniqueItems", _): "have no element twice"
        default: "have at least one element or character"
        }
    }

    private static func range(_ schema: VectorValue) -> String {
        guard case .int(let least)? = schema["minimum"], case .int(let most)? = schema["maximum"] else { return "" }
        return " from \(least) to \(most)"
    }

    private static func plain(_ value: VectorValue) -> String {
        value.text ?? String(VectorWriter.text(value).dropLast())
    }

    /// Most texts are long hexadecimal, for which a regular expression takes too long.
    private static func matches(_ text: String, _ pattern: String, _ place: Place) throws(VectorFormatError) -> Bool {
        if pattern == "^([0-9a-f]{2})*$" {
            return text.utf8.count % 2 == 0 && text.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
        }
        guard let expression = try? Regex(pattern) else { throw place.refuse("has a schema with a pattern that does not read") }
        return text.firstMatch(of: expression) != nil
    }
}

extension VectorValue {
    /// The name of its type in JSON Schema.
    fileprivate var type: String {
        switch self {
        case .string: "string"
        case .int: "integer"
        case .bool: "boolean"
        case .array: "array"
        case .object: "object"
        }
    }
}
