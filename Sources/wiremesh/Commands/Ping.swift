import ArgumentParser
import Foundation
import HTTPCompat
import Wire

/// `wiremesh ping WORKER`
struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the round trip between the coordinator and a worker, over their link.",
        discussion: """
            Four calls of the mesh's own ping, through both programs. With --from a worker measures, on the way that its calls take, and \
            says whether a relay passes them on.
            """)

    @Argument(help: "The worker.")
    var worker: String

    @Option(help: ArgumentHelp("The HTTP address of a worker that measures, in place of the coordinator.", valueName: "url"))
    var from: String?

    @Option(
        help: ArgumentHelp("With --from: a file with the bearer token that that worker wants.", valueName: "file"), completion: .file())
    var workerTokenFile: String?

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    private static let count = 4

    func run() async throws {
        if let from {
            let token = try read.config.settings().text(workerTokenFile, "worker-token-file")
            try await read.withClient(at: from, tokenFile: token) { client in
                try await measure {
                    let answer = try await client.pingFromHere(worker)
                    let way = answer.value.relay.map { "relayed by \(Terminal.plain($0))" } ?? answer.value.route
                    return (answer.value.latency, ", \(way)", answer.json)
                }
            }
        } else {
            try await read.withClient { client in
                try await measure {
                    let answer = try await client.ping(worker)
                    return (answer.value, "", answer.json)
                }
            }
        }
    }

    private func measure(_ once: () async throws -> (latency: Duration, way: String, json: String)) async throws {
        for number in 1...Self.count {
            let (latency, way, json) = try await once()
            if output.json {
                Terminal.print(json)
            } else {
                let milliseconds = String(format: "%.3f", Double(latency.wholeNanoseconds) / 1e6)
                Terminal.print("\(Terminal.plain(worker)): \(milliseconds) ms\(way)")
            }
            if number < Self.count { try await Task.sleep(for: .milliseconds(250)) }
        }
    }
}
