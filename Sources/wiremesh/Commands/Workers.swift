import ArgumentParser
import HTTPCompat

/// `wiremesh workers`
struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the members, healthy or not.")

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let answer = try await read.withClient { try await $0.workers() }
        if output.json { return Terminal.print(answer.json) }
        var table = Table("NAME", "STATUS", "TYPE", "LOAD", "HEARD", "SERVICES", "HTTP")
        for worker in answer.value {
            table.add(
                worker.name, WorkerText.status(worker), worker.type, WorkerText.percent(worker.load),
                WorkerText.ago(worker.ageSeconds), worker.services.isEmpty ? "-" : worker.services.joined(separator: " "),
                worker.tunnelURL.isEmpty ? "-" : worker.tunnelURL)
        }
        table.print(orSay: "No worker has joined. `wiremesh token create` makes a token for one.")
    }
}

/// Fields of a worker as people read them.
enum WorkerText {
    static func status(_ worker: MemberWorker) -> String {
        worker.isHealthy || worker.status != "online" && worker.status != "healthy" ? worker.status : "silent"
    }

    static func percent(_ load: Double) -> String { "\(Int((min(max(load, 0), 99) * 100).rounded()))%" }

    static func milliseconds(_ time: Double) -> String {
        let tenths = Int((min(max(time, 0), 1e12) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    static func ago(_ seconds: Double) -> String {
        guard seconds >= 0, seconds < 1e9 else { return "-" }
        return seconds < 1 ? "now" : seconds < 120 ? "\(Int(seconds))s ago" : "\(Int(seconds / 60))m ago"
    }
}
