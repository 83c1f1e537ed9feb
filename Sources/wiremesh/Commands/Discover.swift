import ArgumentParser
import HTTPCompat
import NIOCore
import NIOPosix

/// `wiremesh discover NAME`
struct Discover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which workers offer a service, best first.",
        discussion: """
            With --explain also which members are left out, and where a worker would look: the tiers that it asks, what each one \
            answers, and whom it may take.
            """)

    @Argument(help: "The service.")
    var name: String

    @Flag(help: "Say also how the list came about, and who is left out.")
    var explain = false

    @Option(
        help: ArgumentHelp("With --explain: the worker that says where it would look (default: \(Discover.standard)).", valueName: "url"))
    var worker: String?

    @Option(
        help: ArgumentHelp("With --worker: a file with the bearer token that it wants.", valueName: "file"), completion: .file())
    var workerTokenFile: String?

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    /// Where a worker of this machine listens.
    static let standard = "http://127.0.0.1:8000"

    func run() async throws {
        let found = try await read.withClient { try await look($0) }
        if output.json {
            if explain { Terminal.print(found.json(name)) } else if let answer = found.answer { Terminal.print(answer.json) }
        } else {
            found.show()
            if explain { found.tell(name) }
        }
        if found.answer == nil { throw Failure.failed("No healthy worker offers \(Terminal.plain(name)).") }
    }

    private func look(_ client: CoordinatorHTTPClient) async throws -> Discovery {
        var found = Discovery()
        do {
            found.answer = try await client.discover(name)
        } catch {
            guard case .refused(status: 503, let detail) = error else { throw error }
            if !explain { throw Failure.failed("\(detail). --explain says who would offer it.") }
        }
        guard explain else { return found }
        found.members = try await client.workers().value
        let settings = try read.config.settings()
        let asked = settings.text(worker, "worker")
        let token = settings.text(workerTokenFile, "worker-token-file")
        do {
            found.explanation = try await read.withClient(at: asked ?? Self.standard, tokenFile: asked == nil ? nil : token) {
                try await $0.explain(name)
            }
        } catch let error as ClientError {
            guard asked == nil else { throw Failure.failed("That worker does not say where it would look: \(error)") }
        }
        return found
    }
}

/// What was found out about a service.
private struct Discovery: Sendable {
    /// `nil` where nobody has it.
    var answer: CoordinatorAnswer<DiscoveredService>?
    var members: [MemberWorker] = []
    /// `nil` where no worker was there to explain.
    var explanation: CoordinatorAnswer<ExplainedRoute>?

    private func leftOut(_ service: String) -> [MemberWorker] {
        let given = Set(answer?.value.workers.map(\.name) ?? [])
        return members.filter { $0.services.contains(service) && !given.contains($0.name) }
    }

    // MARK: For programs

    func json(_ service: String) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("service", service)
            json.name("discovery")
            json.raw(answer?.json ?? "null")
            json.field("left_out", array: leftOut(service)) { json, worker in
                json.object { json in
                    json.field("worker_id", worker.name)
                    json.field("status", WorkerText.status(worker))
                    json.field("age_seconds", worker.ageSeconds)
                }
            }
            json.name("explanation")
            json.raw(explanation?.json ?? "null")
        }
        return String(buffer: json.buffer)
    }

    // MARK: For people

    func show() {
        var table = Table("WORKER", "LOAD", "REGION", "HTTP")
        for worker in answer?.value.workers ?? [] {
            table.add(worker.name, WorkerText.percent(worker.load), worker.region ?? "-", worker.tunnelURL)
        }
        table.print(orSay: "")
    }

    /// What is no part of the result goes to standard error.
    func tell(_ service: String) {
        let offering = members.count { $0.services.contains(service) }
        Terminal.note("\(offering) of \(members.count) members offer it, \(answer?.value.workers.count ?? 0) are healthy.")
        if let first = answer?.value.workers.first?.name {
            Terminal.note(Terminal.plain("\(first) is recommended: the list is sorted by load and nearness, best first."))
        }
        for worker in leftOut(service) {
            let heard = WorkerText.ago(worker.ageSeconds)
            Terminal.note(Terminal.plain("\(worker.name) is left out: \(WorkerText.status(worker)), last heard \(heard)."))
        }
        guard let explanation else {
            return Terminal.note("No worker at \(Discover.standard) says where it would look: name one with --worker URL.")
        }
        tell(explanation.value)
    }

    private func tell(_ route: ExplainedRoute) {
        Terminal.note("")
        Terminal.note(Terminal.plain("\(route.worker) asks these tiers in order, the first that knows decides:"))
        var tiers = Table("TIER", "TOOK", "AGE", "ANSWER", "WORKERS")
        for tier in route.tiers {
            tiers.add(
                tier.name, WorkerText.milliseconds(tier.tookMilliseconds), WorkerText.milliseconds(tier.ageMilliseconds), tier.detail,
                tier.workers.map { $0.isEmpty ? "none" : $0.joined(separator: " ") } ?? "-")
        }
        for line in tiers.lines(bold: Terminal.errorHasColour) { Terminal.note(line) }
        guard !route.candidates.isEmpty else { return Terminal.note("It has nobody to send a call to.") }
        Terminal.note("Of two that are drawn at random, the one with the lower cost gets a call:")
        var candidates = Table("WORKER", "ROUTE", "LOAD", "COST", "WHY")
        for worker in route.candidates {
            candidates.add(
                worker.worker, worker.route ?? "-", WorkerText.percent(worker.load),
                worker.costMilliseconds.map(WorkerText.milliseconds) ?? "-",
                (worker.isEligible ? "" : "left: ") + worker.reason)
        }
        for line in candidates.lines(bold: Terminal.errorHasColour) { Terminal.note(line) }
    }
}
