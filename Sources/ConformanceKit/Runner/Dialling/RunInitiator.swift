import Foundation
import NIOCore
import Wire

extension ConformanceRunner {
    /// Runs cases of a target that dials: each with a mesh and a token of its own, and with a target that is started for it.
    static func runInitiator(
        _ cases: [ConformanceCase], _ options: ConformanceOptions, _ group: any EventLoopGroup, _ say: @escaping @Sendable (String) -> Void,
        _ progress: @escaping @Sendable (ConformanceReport.Result) -> Void
    ) async throws -> ConformanceReport {
        var has: Set<Feature> = [.dialling, .worker, .echo, .circuits]
        if options.soak { has.insert(.soak) }
        has.subtract(options.lacks)
        let available = has
        let folder = FileManager.default.temporaryDirectory.appending(path: "wiremesh-conformance-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let started = ContinuousClock.now
        var prompter: Prompter?
        if let first = cases.first(where: { $0.needs.isSubset(of: available) }) {
            if let command = options.command {
                let limit = min(options.patience + .seconds(12), options.limit)
                try await Theatre.open(options, group).rehearse(
                    command, folder.appending(path: "rehearsal"), within: limit, patience: options.patience)
            } else {
                prompter = try await Prompter.open(first, options, group, say)
            }
        }
        // Cases at one address would take each other's connections.
        let lanes = options.command == nil || options.listen.port != 0 ? 1 : options.lanes
        let byHand = prompter
        let pool = Pool(cases: cases, lanes: lanes, end: started + options.limit, isStrict: options.isStrict, progress: progress)
        let results = await pool.run { each, _ in
            guard case .initiator(let body) = each.body else { return }
            try Feature.require(each.needs, of: available)
            if let byHand {
                let (theatre, former) = try byHand.next(each)
                let stage = try Stage(theatre, options, group, former: former)
                defer { stage.opened.closeAll() }
                try await body(stage)
            } else if let command = options.command {
                let theatre = try await Theatre.open(options, group)
                let stage = try Stage(theatre, options, group)
                defer { stage.opened.closeAll() }
                try await perform(body, on: stage, by: theatre.start(command, folder.appending(path: each.id.replacing("/", with: "-"))))
            }
        }
        await prompter?.close()
        var report = ConformanceReport(target: options.command ?? "a target that dials", kind: "worker", role: .initiator)
        report.results = results
        report.seconds = Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9
        return report
    }

    /// A case whose target the run has started; it ends with the case.
    private static func perform(
        _ body: @Sendable (Stage) async throws -> Void, on stage: Stage, by process: TargetProcess
    ) async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(stage)) } catch let mismatch as Mismatch where mismatch.seen.hasPrefix("none within") {
            let words = process.lastWords
            let seen = mismatch.seen + (words.isEmpty ? "" : "; the target said: \(words)")
            outcome = .failure(Mismatch(expected: mismatch.expected, seen: seen))
        } catch { outcome = .failure(error) }
        await process.stop()
        await stage.listener.close()
        try outcome.get()
    }
}
