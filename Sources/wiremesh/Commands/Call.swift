import ArgumentParser
import HTTPCompat
import NIOCore
import Wire

/// `wiremesh call NAME`
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a service by way of the coordinator, and print the answer as it comes.",
        discussion:
            "With --data it is a POST, without a GET. It exits 1 where the answer's status is 400 or more, or the answer is not whole.")

    @Argument(help: "The service.")
    var name: String

    @Option(help: ArgumentHelp("What to send: the text itself, @FILE, or - for standard input.", valueName: "data"))
    var data: String?

    @Option(help: ArgumentHelp("Rest of the path for the service, with its query.", valueName: "path"))
    var path = "/"

    @Option(help: ArgumentHelp("How long the whole call may take.", valueName: "time"))
    var timeout = DurationArgument(.seconds(30))

    @OptionGroup var read: ReadOptions

    func run() async throws {
        let body = try data.map { ByteBuffer(bytes: try DataArgument($0).read()) }
        let status = try await read.withClient { client in
            let answer = try await client.call(
                name, path: path == "/" ? "" : path.hasPrefix("/") ? path : "/" + path, method: body == nil ? "GET" : "POST",
                fields: body.map(Self.contentType) ?? [], body: body, timeout: timeout.duration)
            do {
                for try await part in answer.body { Terminal.write(part.readableBytesView) }
            } catch {
                throw Failure.failed("The answer broke off, what was printed is not whole: \(Terminal.plain("\(error)")).")
            }
            return answer.status
        }
        if status >= 400 { throw Failure.failed("\(Terminal.plain(name)) answered with status \(status).") }
    }

    /// JSON where it looks like it: what services take most.
    private static func contentType(_ body: ByteBuffer) -> [Head.Field] {
        let first = body.readableBytesView.first { ![9, 10, 13, 32].contains($0) }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        return [Head.Field("content-type", isJSON ? "application/json" : "application/octet-stream")]
    }
}
