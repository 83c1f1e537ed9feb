internal import NIOCore

/// The document behind `/openapi.json`, version 3.1 of OpenAPI.
struct OpenAPIDocument: Sendable {
    var title: String
    var summary: String
    /// Version of the program.
    var version: String
    var operations: [Operation]
    /// What `Schema.named` refers to, besides the two refusals.
    var schemas: KeyValuePairs<String, Schema>

    /// The whole document as JSON.
    var encoded: ByteBuffer {
        var json = JSONWriter(capacity: 32 << 10)
        object.write(to: &json)
        return json.buffer
    }

    var object: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": .string(title), "summary": .string(summary), "version": .string(version),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "security": [.object([]), ["bearer": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Self.refusals + schemas.map { .init($0.key, $0.value) }),
                "securitySchemes": [
                    "bearer": [
                        "type": "http", "scheme": "bearer",
                        "description": "One of the tokens of --http-token-file, where the operator gave one.",
                    ]
                ],
            ],
        ]
    }

    /// The operations by path, in the order in which each path comes first.
    private var paths: [JSONValue.Member] {
        var paths: [JSONValue.Member] = []
        for operation in operations {
            let member = JSONValue.Member(operation.method.lowercased(), operation.object)
            if let index = paths.firstIndex(where: { $0.name == operation.path }), case .object(let members) = paths[index].value {
                paths[index].value = .object(members + [member])
            } else {
                paths.append(.init(operation.path, .object([member])))
            }
        }
        return paths
    }

    private static let refusals: [JSONValue.Member] = [
        .init("Refusal", .record(["detail": .text])),
        .init(
            "ValidationRefusal",
            .record([
                "detail": .list(
                    .record(
                        ["type": .text, "loc": .list(["type": ["string", "integer"]]), "msg": .text, "input": .anything],
                        optional: ["ctx": .map]))
            ])),
    ]
}
