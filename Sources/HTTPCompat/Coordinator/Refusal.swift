internal import NIOCore

/// Why a request is refused, in the shapes of FastAPI, which clients of the replaced system know.
struct Refusal: Error, Hashable, Sendable {
    var status: Int
    var detail: Detail

    enum Detail: Hashable, Sendable {
        /// `{"detail": "…"}`
        case text(String)
        /// `{"detail": [{"type", "loc", "msg", "input"}]}`
        case problems([FieldProblem])
    }

    init(_ status: Int, _ text: String) {
        self.status = status
        detail = .text(text)
    }

    /// 422: these parts of the request do not fit.
    init(_ problems: [FieldProblem]) {
        status = 422
        detail = .problems(problems)
    }

    static let notFound = Refusal(404, "Not Found")
    static let methodNotAllowed = Refusal(405, "Method Not Allowed")
    static let workerNotFound = Refusal(404, "Worker not found")

    var answer: HTTPAnswer {
        var json = JSONWriter()
        json.object { json in
            switch detail {
            case .text(let text): json.field("detail", text)
            case .problems(let problems): json.field("detail", problems)
            }
        }
        return .json(json.buffer, status: status)
    }
}

/// One part of a request that does not fit: type and message are pydantic's.
struct FieldProblem: Hashable, Sendable, JSONWritable {
    var type: String
    /// Where it is: "body" or "query", then names.
    var location: [JSONValue]
    var message: String
    /// What was given there.
    var input: JSONValue
    /// What else pydantic says, as `ctx`.
    var context: JSONValue?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", type)
            json.field("loc", location)
            json.field("msg", message)
            json.field("input", input)
            if let context { json.field("ctx", context) }
        }
    }
}

extension FieldProblem {
    /// Nothing is there.
    static func missing(_ location: [JSONValue], in input: JSONValue) -> FieldProblem {
        FieldProblem(type: "missing", location: location, message: "Field required", input: input)
    }

    /// A body that is not JSON.
    static func notJSON(_ error: JSONError) -> FieldProblem {
        FieldProblem(
            type: "json_invalid", location: ["body", .number(String(error.offset))], message: "JSON decode error",
            input: .object([]), context: ["error": .string(error.message)])
    }

    /// A body that is JSON, or not even that, but no object.
    static func notAnObject(_ input: JSONValue) -> FieldProblem {
        FieldProblem(
            type: "model_attributes_type", location: ["body"],
            message: "Input should be a valid dictionary or object to extract fields from", input: input)
    }

    /// A value that has the right type and is refused all the same; `reason` is a sentence without its full stop.
    static func badValue(_ location: [JSONValue], _ reason: String, input: JSONValue) -> FieldProblem {
        FieldProblem(type: "value_error", location: location, message: "Value error, \(reason)", input: input)
    }
}
