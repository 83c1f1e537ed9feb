import Foundation
import NIOCore
import Wire

extension ConformanceRunner {
    /// Runs cases of a target that dials: each with a mesh, a token and a listener of its own, and with a target that is started for it.
    static func runInitiator(
        _ cases: [ConformanceCase], _ options: ConformanceOptions, _ group: any EventLoopGroup, _ say: @escaping @Sendable (String) -> Void,
        _ progress: @escaping @Sendable (ConformanceReport.Result) -> Void
    ) async throws -> ConformanceReport {
        var has: Set<Feature> = [.dialling, .worker, .echo]
        has.subtract(options.lacks)
        let available = has
        let folder = FileManager.default.temporaryDirectory.appending(path: "wiremesh-conformance-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let byHand = options.command == nil ? try await Theatre.open(options, group) : nil
        if let byHand { say(byHand.instructions) }
        let started = ContinuousClock.now
        let pool = Pool(
            cases: cases, lanes: byHand == nil ? options.lanes : 1, end: started + options.limit, progress: progress)
        let results = await pool.run { each, _ in
            guard case .initiator(let body) = each.body else { return }
            if let lacking = each.needs.subtracting(available).map(\.rawValue).sorted().first { throw Lacking(what: lacking) }
            let theatre = if let byHand { byHand } else { try await Theatre.open(options, group) }
            let stage = try theatre.stage(options, group)
            defer { stage.opened.closeAll() }
            guard let command = options.command else { return try await body(stage) }
            let process = try theatre.start(command, folder.appending(path: each.id.replacing("/", with: "-")))
            do { try await body(stage) } catch let mismatch as Mismatch where mismatch.seen.hasPrefix("none within") {
                let words = process.lastWords
                await process.stop()
                theatre.listener.close()
                throw Mismatch(expected: mismatch.expected, seen: mismatch.seen + (words.isEmpty ? "" : "; the target said: \(words)"))
            } catch {
                await process.stop()
                theatre.listener.close()
                throw error
            }
            await process.stop()
            theatre.listener.close()
        }
        byHand?.listener.close()
        var report = ConformanceReport(target: options.command ?? "a target that dials", kind: "worker", role: .initiator)
        report.results = results
        report.seconds = Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9
        return report
    }
}

/// A mesh with an authority, a token and a place to join at.
struct Theatre: Sendable {
    let authority: OwnAuthority
    let token: JoinToken
    let listener: Listener

    static func open(_ options: ConformanceOptions, _ group: any EventLoopGroup) async throws -> Theatre {
        let authority = try OwnAuthority()
        let listener: Listener
        do { listener = try await Listener.open(options.listen, group) } catch {
            throw ConformanceFailure("Cannot listen at \(options.listen) (\(error)): choose another --listen.")
        }
        guard let id = TokenID(SystemRandom.bytes(16)) else { throw ConformanceFailure("There is no token id.") }
        let token = JoinToken(id: id, secret: SystemRandom.secret(), authority: authority.keys.publicKey, endpoints: [listener.endpoint])
        return Theatre(authority: authority, token: token, listener: listener)
    }

    func stage(_ options: ConformanceOptions, _ group: any EventLoopGroup) throws -> Stage {
        try Stage(options, authority: authority, token: token, listener: listener, group: group)
    }

    /// Starts a target that joins here, with a folder of its own.
    func start(_ command: String, _ folder: URL) throws -> TargetProcess {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = "target-\(UInt32.random(in: 0 ... .max))"
        let line = command.replacing("{TOKEN}", with: try token.text()).replacing("{ADDRESS}", with: "\(listener.endpoint)")
            .replacing("{FOLDER}", with: folder.appending(path: "data").path).replacing("{NAME}", with: name)
        do { return try TargetProcess(line, folder: folder) } catch {
            throw ConformanceFailure("\(line) cannot be started: \(error).")
        }
    }

    /// What a person is to do where no command was given.
    var instructions: String {
        let text = (try? token.text()) ?? ""
        return "Start the target again and again, each time with a new folder and a new name, until the run is done. "
            + "It joins at \(listener.endpoint) with this token: \(text)"
    }
}
