internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// One endpoint: how the document describes it and who answers it.
struct HTTPEndpoint: Sendable {
    typealias Handler = @Sendable (EndpointRequest) async throws -> HTTPAnswer

    var operation: Operation
    /// `nil` where the front answers on the connection's loop, before a request comes to the router.
    var handler: Handler?

    init(
        _ method: String, _ path: String, _ summary: String, parameters: [Operation.Parameter] = [], body: Operation.Content? = nil,
        answers: [Operation.Answer], handler: Handler? = nil
    ) {
        operation = Operation(
            method: method, path: path, summary: summary, parameters: parameters, body: body, answers: answers)
        self.handler = handler
    }

    init(_ operation: Operation, handler: @escaping Handler) {
        self.operation = operation
        self.handler = handler
    }
}

/// The endpoints of one server: its router, its refusals for everything else and its document come from the same list.
struct EndpointTable: Sendable {
    var endpoints: [HTTPEndpoint]

    /// A router that serves the endpoints, answers refusals in the shape of FastAPI, and knows a wrong method from a wrong path.
    func router() -> Router<FrontContext> {
        let router = Router(context: FrontContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RefusalMiddleware(table: self))
        for endpoint in endpoints {
            guard let handler = endpoint.handler, let method = HTTPRequest.Method(endpoint.operation.method) else { continue }
            router.on(RouterPath(endpoint.operation.path), method: method) { request, context in
                Response(try await handler(EndpointRequest(request: request, context: context)))
            }
        }
        return router
    }

    /// The methods that `path` knows, by name; empty for a path that nobody serves.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        let methods = endpoints.filter { matches($0.operation.path, segments) }.map(\.operation.method)
        return Set(methods + (methods.contains("GET") ? ["HEAD"] : [])).sorted()
    }

    private func matches(_ template: String, _ segments: [Substring]) -> Bool {
        let parts = template.split(separator: "/")
        return parts.count == segments.count && zip(parts, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

/// Turns what handlers throw into answers. Stands around every route, and around "no such route".
private struct RefusalMiddleware: RouterMiddleware {
    let table: EndpointTable

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return Response(refusal.answer)
        } catch let error as HTTPError where error.status == .notFound {
            let methods = table.methods(of: request.uri.path)
            guard !methods.isEmpty else { return Response(Refusal.notFound.answer) }
            var answer = Refusal.methodNotAllowed.answer
            answer.fields.append(("allow", methods.joined(separator: ", ")))
            return Response(answer)
        } catch {
            context.logger.error("An endpoint failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return Response(Refusal(500, "Internal Server Error").answer)
        }
    }
}

extension Response {
    init(_ answer: HTTPAnswer) {
        var headers = HTTPFields()
        if !answer.contentType.isEmpty { headers[.contentType] = answer.contentType }
        for field in answer.fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            headers.append(HTTPField(name: name, value: field.value))
        }
        self.init(
            status: HTTPResponse.Status(code: answer.status), headers: headers, body: ResponseBody(byteBuffer: answer.body))
    }
}
