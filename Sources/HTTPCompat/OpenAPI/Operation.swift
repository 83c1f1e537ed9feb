/// One endpoint as `/openapi.json` describes it.
struct Operation: Sendable {
    /// HTTP method, upper case.
    var method: String
    /// Path with its parameters in braces, such as `/api/services/discover/{service}`.
    var path: String
    /// One line for people.
    var summary: String
    var parameters: [Parameter] = []
    /// What a request carries; `nil` for nothing.
    var body: Content?
    var answers: [Answer]

    /// A part of the path (found by its braces) or of the query.
    struct Parameter: Sendable {
        var name: String
        var schema: Schema
        var summary: String
    }

    /// A body.
    struct Content: Sendable {
        var type = "application/json"
        var schema: Schema
        var isRequired = true
    }

    /// A status, what it means and what comes with it.
    struct Answer: Sendable {
        var status: Int
        var summary: String
        var content: Content?
    }
}

extension Operation.Answer {
    /// 200 with JSON of this schema.
    static func ok(_ schema: Schema, _ summary: String = "The answer.") -> Self {
        Self(status: 200, summary: summary, content: Operation.Content(schema: schema))
    }

    /// A refusal, `{"detail": "…"}`.
    static func refusal(_ status: Int, _ summary: String) -> Self {
        Self(status: status, summary: summary, content: Operation.Content(schema: .named("Refusal")))
    }

    /// 422: a body or a parameter that does not fit.
    static let doesNotFit = Self(
        status: 422, summary: "A body or a parameter that does not fit.",
        content: Operation.Content(schema: .named("ValidationRefusal")))
}

extension Operation {
    /// The operation's object in the document.
    var object: JSONValue {
        var members: [JSONValue.Member] = [
            .init("summary", .string(summary)), .init("operationId", .string(id)),
        ]
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters.map(parameterObject)))) }
        if let body {
            members.append(.init("requestBody", ["required": .bool(body.isRequired), "content": body.object]))
        }
        members.append(.init("responses", .object(answers.map { .init(String($0.status), $0.object) })))
        return .object(members)
    }

    /// Unique in a document: the method and the words of the path.
    private var id: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        return ([method.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private func parameterObject(_ parameter: Parameter) -> JSONValue {
        let isInPath = path.contains("{\(parameter.name)}")
        return [
            "name": .string(parameter.name), "in": isInPath ? "path" : "query", "required": .bool(isInPath),
            "description": .string(parameter.summary), "schema": parameter.schema,
        ]
    }
}

extension Operation.Content {
    fileprivate var object: JSONValue { .object([.init(type, ["schema": schema])]) }
}

extension Operation.Answer {
    fileprivate var object: JSONValue {
        guard let content else { return ["description": .string(summary)] }
        return ["description": .string(summary), "content": content.object]
    }
}
