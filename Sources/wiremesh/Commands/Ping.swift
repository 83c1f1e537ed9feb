import ArgumentParser
import Foundation
import HTTPCompat
import Wire

/// `wiremesh ping WORKER`
struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the round trip between the coordinator and a worker, over their link.",
        discussion: "Four calls of the mesh's own ping, through both programs.")

    @Argument(help: "The worker.")
    var worker: String

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    private static let count = 4

    func run() async throws {
        try await read.withClient { client in
            for number in 1...Self.count {
                let answer = try await client.ping(worker)
                if output.json {
                    Terminal.print(answer.json)
                } else {
                    let milliseconds = String(format: "%.3f", Double(answer.value.wholeNanoseconds) / 1e6)
                    Terminal.print("\(Terminal.plain(worker)): \(milliseconds) ms")
                }
                if number < Self.count { try await Task.sleep(for: .milliseconds(250)) }
            }
        }
    }
}
