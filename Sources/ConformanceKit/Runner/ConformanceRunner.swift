import NIOCore
import NIOPosix
import Synchronization
import Wire

/// Runs the cases of the specification against a node, over real sockets.
public enum ConformanceRunner {
    /// Every case, in the order of the specification.
    public static var cases: [ConformanceCase] { Catalogue.all }

    /// Runs the cases that the options choose. `say` hears what people must know or do meanwhile; `progress` hears of each case as it
    /// ends, in no order. Both on any thread.
    ///
    /// Throws `ConformanceFailure` where there is nothing to run or no target to run it against.
    public static func run(
        _ options: ConformanceOptions, say: @escaping @Sendable (String) -> Void = { _ in },
        progress: @escaping @Sendable (ConformanceReport.Result) -> Void = { _ in }
    ) async throws -> ConformanceReport {
        let chosen = Catalogue.all.filter { each in
            each.role == options.role && (options.filters.isEmpty || options.filters.contains { each.matches($0) })
        }
        guard !chosen.isEmpty else {
            throw ConformanceFailure(
                "No case matches \(options.filters.joined(separator: ", ")): give a part of an id, a clause or a feature.")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let outcome: Result<ConformanceReport, any Error>
        do {
            outcome = .success(
                try await options.role == .responder
                    ? runResponder(chosen, options, group, progress) : runInitiator(chosen, options, group, say, progress))
        } catch { outcome = .failure(error) }
        try? await group.shutdownGracefully()
        return try outcome.get()
    }

    // MARK: Targets that accept

    private static func runResponder(
        _ cases: [ConformanceCase], _ options: ConformanceOptions, _ group: any EventLoopGroup,
        _ progress: @escaping @Sendable (ConformanceReport.Result) -> Void
    ) async throws -> ConformanceReport {
        let lab = try await Lab.open(options, group)
        var has: Set<Feature> = [.compression, .watch, .circuits]
        has.formUnion(lab.features(options))
        has.subtract(options.lacks)
        let kind = lab.roles.isEmpty ? "" : lab.roles.contains(.coordinator) ? "coordinator" : "worker"
        var report = ConformanceReport(target: "\(options.target ?? lab.coordinator)", kind: kind, role: .responder)
        let started = ContinuousClock.now
        let end = started + options.limit
        let available = has
        @Sendable func work(_ each: ConformanceCase, _ lane: Int) async throws {
            guard case .responder(let body) = each.body else { return }
            try Feature.require(each.needs, of: available)
            var scene = lab.scenes[lane]
            scene.opened = OpenConnections()
            defer { scene.opened.closeAll() }
            try await body(scene)
        }
        let gate = Set(FirstCases.gate.map(\.id))
        let chosen = Set(cases.map(\.id))
        let first = await Pool(cases: FirstCases.gate, lanes: 1, end: end, isStrict: options.isStrict, progress: { _ in }).run(work)
            .filter { chosen.contains($0.id) || $0.outcome == .failed }
        first.forEach(progress)
        let others = cases.filter { !gate.contains($0.id) }
        if first.contains(where: { $0.outcome == .failed }) {
            report.results = first + others.map { ConformanceReport.Result($0, .skipped, lacks: "a first handshake that succeeds") }
        } else if let trouble = lab.trouble {
            throw trouble
        } else {
            let pool = Pool(cases: others, lanes: lab.scenes.count, end: end, isStrict: options.isStrict, progress: progress)
            report.results = first + (await pool.run(work))
        }
        report.seconds = Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9
        return report
    }
}

/// Runs cases, several at once, those that must be alone one by one at the end.
struct Pool: Sendable {
    var cases: [ConformanceCase]
    var lanes: Int
    var end: ContinuousClock.Instant
    /// Whether what a target only should do counts as what it must.
    var isStrict: Bool
    var progress: @Sendable (ConformanceReport.Result) -> Void

    /// The results in the order of the cases.
    func run(_ work: @escaping @Sendable (ConformanceCase, Int) async throws -> Void) async -> [ConformanceReport.Result] {
        let board = Board()
        let shared = cases.indices.filter { !cases[$0].isAlone }
        await withTaskGroup(of: Void.self) { tasks in
            for lane in 0..<lanes {
                tasks.addTask {
                    while true {
                        let position = board.next.add(1, ordering: .relaxed).oldValue
                        guard position < shared.count else { return }
                        let index = shared[position]
                        let result = await one(cases[index], lane, work)
                        board.results.withLock { $0[index] = result }
                        progress(result)
                    }
                }
            }
        }
        for index in cases.indices where cases[index].isAlone {
            let result = await one(cases[index], 0, work)
            board.results.withLock { $0[index] = result }
            progress(result)
        }
        return board.results.withLock { results in cases.indices.compactMap { results[$0] } }
    }

    /// What the lanes share.
    private final class Board: Sendable {
        let results = Mutex<[Int: ConformanceReport.Result]>([:])
        let next = Atomic<Int>(0)
    }

    private func one(
        _ each: ConformanceCase, _ lane: Int, _ work: @escaping @Sendable (ConformanceCase, Int) async throws -> Void
    ) async -> ConformanceReport.Result {
        var result = ConformanceReport.Result(each, .passed)
        let started = ContinuousClock.now
        do {
            guard started < end else { throw OutOfTime(expected: "a run within its limit", seen: "no time left for this case") }
            try await within(end - started) { try await work(each, lane) }
        } catch { judge(&result, each, error) }
        result.seconds = Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9
        return result
    }

    /// What a case makes of the error that ended it.
    private func judge(_ result: inout ConformanceReport.Result, _ each: ConformanceCase, _ error: any Error) {
        func fault(_ mismatch: Mismatch, isAdvice: Bool) {
            result.outcome = isAdvice && !isStrict ? .warned : .failed
            (result.expected, result.seen) = (mismatch.expected, mismatch.seen)
        }
        switch error {
        case let lacking as Lacking: (result.outcome, result.lacks) = (.skipped, lacking.what)
        case let missing as NotGiven: (result.outcome, result.notGiven) = (.skipped, missing.what)
        case let mismatch as Mismatch: fault(mismatch, isAdvice: each.strength == .should)
        case let shortfall as Shortfall: fault(shortfall.mismatch, isAdvice: true)
        case let late as OutOfTime: fault(late.mismatch, isAdvice: false)
        default: fault(Mismatch(expected: "the case to be carried out", seen: "\(error)"), isAdvice: false)
        }
    }
}

/// Runs `body`, and cancels it when the time is over.
func within(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await body() }
        tasks.addTask {
            try await Task.sleep(for: limit)
            throw OutOfTime(expected: "an end within \(limit.text)", seen: "none")
        }
        defer { tasks.cancelAll() }
        try await tasks.next()
    }
}
