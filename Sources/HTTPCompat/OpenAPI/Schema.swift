/// A JSON Schema, as OpenAPI 3.1 uses it. A schema is a JSON value; these are the few shapes that the endpoints need.
typealias Schema = JSONValue

extension Schema {
    static let text: Schema = ["type": "string"]
    static let count: Schema = ["type": "integer", "minimum": 0]
    static let integer: Schema = ["type": "integer"]
    static let number: Schema = ["type": "number"]
    static let flag: Schema = ["type": "boolean"]
    /// Anything at all.
    static let anything: Schema = .object([])
    /// An object with members of any name.
    static let map: Schema = ["type": "object"]
    /// ISO 8601 without a zone: not `date-time`, which wants one.
    static let time: Schema = [
        "type": "string", "pattern": #"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}$"#,
        "description": "ISO 8601, local time of the server, without a zone.",
    ]

    /// A list of `element`.
    static func list(_ element: Schema) -> Schema { ["type": "array", "items": element] }

    /// `schema` or null.
    static func nullable(_ schema: Schema) -> Schema { ["anyOf": [schema, ["type": "null"]]] }

    /// One of these strings.
    static func oneOf(_ names: [String]) -> Schema { ["type": "string", "enum": .array(names.map { .string($0) })] }

    /// A schema of the document's components.
    static func named(_ name: String) -> Schema { ["$ref": .string("#/components/schemas/\(name)")] }

    /// An object with these members; more may come with a later version.
    static func record(_ members: KeyValuePairs<String, Schema>, optional: KeyValuePairs<String, Schema> = [:]) -> Schema {
        .object([
            Member("type", "object"),
            Member("properties", .object((Array(members) + Array(optional)).map { Member($0.key, $0.value) })),
            Member("required", .array(members.map { .string($0.key) })),
        ])
    }
}
