import ArgumentParser
import HTTPCompat

/// `wiremesh discover NAME`
struct Discover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which workers offer a service, best first.",
        discussion: "With --explain also which workers offer it and are left out, and why.")

    @Argument(help: "The service.")
    var name: String

    @Flag(help: "Say also how the list came about, and who is left out.")
    var explain = false

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let members = try await read.withClient { client in
            do {
                let answer = try await client.discover(name)
                show(answer)
                return (given: answer.value.workers.map(\.name), all: explain ? try await client.workers().value : [])
            } catch ClientError.refused(status: 503, let detail) {
                guard explain else { throw Failure.failed("\(detail). --explain says who would offer it.") }
                return (given: [], all: try await client.workers().value)
            }
        }
        if explain { tell(members.given, members.all) }
        if members.given.isEmpty { throw Failure.failed("No healthy worker offers \(Terminal.plain(name)).") }
    }

    private func show(_ answer: CoordinatorAnswer<DiscoveredService>) {
        if output.json { return Terminal.print(answer.json) }
        var table = Table("WORKER", "LOAD", "REGION", "HTTP")
        for worker in answer.value.workers {
            table.add(worker.name, WorkerText.percent(worker.load), worker.region ?? "-", worker.tunnelURL)
        }
        table.print(orSay: "")
    }

    /// To standard error: it is not part of the result.
    private func tell(_ given: [String], _ all: [MemberWorker]) {
        let offering = all.filter { $0.services.contains(name) }
        Terminal.note("\(offering.count) of \(all.count) members offer it, \(given.count) are healthy.")
        if let first = given.first {
            Terminal.note(Terminal.plain("\(first) is recommended: the list is sorted by load and nearness, best first."))
        }
        for worker in offering where !given.contains(worker.name) {
            let heard = WorkerText.ago(worker.ageSeconds)
            Terminal.note(Terminal.plain("\(worker.name) is left out: \(WorkerText.status(worker)), last heard \(heard)."))
        }
    }
}
