import ArgumentParser
import ConformanceKit
import Foundation
import Synchronization
import Wire

/// `wiremesh conformance run`
struct ConformanceRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Test any implementation of the protocol over real sockets.",
        discussion: """
            The target must be a test mesh's: the run joins it and misbehaves in every way. spec/conformance.md says what it needs.

            With --role initiator the target dials the run, as a new node for each case. --exec starts it. Without --exec the run prints \
            a line "start CASE TOKEN" on standard error for each case, and whoever reads it ends the target of the case before and starts \
            the target with that token and a new folder, within a minute.

            A case that shows only that a SHOULD is not followed ends in a warning; with --strict it fails.

            Exits 0 when no case failed, 1 when one did or the target is no node, 2 on wrong usage or when nothing could be run without \
            an option that was not given, and 127 when every chosen case needs what the target lacks.
            """)

    @Option(help: ArgumentHelp("Where the target accepts links.", valueName: "host:port"))
    var target: EndpointArgument?

    @Option(
        help: ArgumentHelp("A join token of the target's mesh, with two uses for each lane and two more.", valueName: "token"))
    var join: String?

    @Option(
        help: "Whether the target accepts links (responder), or dials the run (initiator).",
        transform: { try Self.named($0, ConformanceCase.Role.allCases) })
    var role = ConformanceCase.Role.responder

    @Option(help: ArgumentHelp("Run what matches: a part of a case's id, a clause, a feature. Repeatable.", valueName: "text"))
    var filter: [String] = []

    @Option(
        help: ArgumentHelp("A feature that the target lacks: its cases are skipped. Repeatable.", valueName: "feature"),
        transform: { try Self.named($0, Feature.allCases.filter { !$0.isOption }) })
    var lacks: [Feature] = []

    @Option(help: ArgumentHelp("A service of the target that sends back each byte as it comes.", valueName: "name"))
    var service = "echo"

    @Option(help: ArgumentHelp("The path at which it does.", valueName: "path"))
    var path = "/"

    @Option(help: ArgumentHelp("How long the target may take for what it must do.", valueName: "time"))
    var patience = DurationArgument(.seconds(3))

    @Option(help: ArgumentHelp("How long the whole run may take: 5 minutes, or 30 with --soak.", valueName: "time"))
    var timeout: DurationArgument?

    @Option(help: ArgumentHelp("Cases that run at once, each as a member of its own.", valueName: "count"))
    var lanes = 6

    @Option(help: ArgumentHelp("A file with the seed of the test mesh's authority, to make certificates of every kind.", valueName: "file"))
    var authority: String?

    @Option(help: ArgumentHelp("A token of the target's mesh whose uses are spent.", valueName: "token"))
    var usedToken: String?

    @Option(help: ArgumentHelp("A token of the target's mesh that was revoked.", valueName: "token"))
    var revokedToken: String?

    @Option(help: ArgumentHelp("A token of the target's mesh that has expired.", valueName: "token"))
    var expiredToken: String?

    @Option(
        help: ArgumentHelp(
            "Starts a target that dials: {TOKEN}, {ADDRESS}, {FOLDER} and {NAME} are filled in.", valueName: "command"))
    var exec: String?

    @Option(help: ArgumentHelp("Where to listen for a target that dials; port 0 picks one.", valueName: "addr:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 0)

    @Flag(help: "Also run cases that take minutes.")
    var soak = false

    @Flag(help: "Let a case fail where the target does not do what it only should.")
    var strict = false

    @Flag(help: "List the cases with their clauses, and run none.")
    var list = false

    @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"), completion: .file())
    var json: String?

    @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "file"), completion: .file())
    var junit: String?

    func run() async throws {
        if list { return printList() }
        let options = try options()
        let progress = ProgressLine()
        let report: ConformanceReport
        do {
            report = try await ConformanceRunner.run(options, say: progress.say, progress: progress.show)
        } catch let failure as ConformanceFailure {
            throw failure.isUsage ? Failure.usage(failure.description) : Failure.failed(failure.description)
        }
        progress.clear()
        if let json { try Self.write(try report.json(), to: json) }
        if let junit { try Self.write(report.junit(), to: junit) }
        for line in report.text().split(separator: "\n", omittingEmptySubsequences: false) { Terminal.print(Terminal.plain(String(line))) }
        if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }

    private func printList() {
        for each in ConformanceRunner.cases where filter.isEmpty || filter.contains(where: { each.matches($0) }) {
            let needs = each.needs.isEmpty ? "" : " (needs \(each.needs.map(\.rawValue).sorted().joined(separator: ", ")))"
            Terminal.print("\(each.id) [\(each.clauses.joined(separator: ", "))] \(each.title)\(needs)")
        }
    }

    private func options() throws -> ConformanceOptions {
        var options = ConformanceOptions()
        options.role = role
        options.target = target?.endpoint
        options.token = try join.map(Self.token)
        if role == .responder, target == nil || join == nil {
            throw Failure.usage(
                "Give --target HOST:PORT and --join TOKEN: where the target accepts links, and what admits the run to its mesh.")
        }
        if role == .initiator, target != nil || join != nil {
            throw Failure.usage("A target that dials needs no --target and no --join: give --exec COMMAND, or start it as the run says.")
        }
        if role == .initiator, ["0.0.0.0", "::"].contains(listen.host) {
            throw Failure.usage("Give --listen an address at which the target reaches the run: it stands in the tokens.")
        }
        guard 1...64 ~= lanes else { throw Failure.usage("Give --lanes between 1 and 64.") }
        options.filters = filter
        options.lacks = Set(lacks)
        options.service = service
        options.path = path
        options.patience = patience.duration
        options.limit = timeout?.duration ?? .seconds(soak ? 1_800 : 300)
        options.lanes = lanes
        options.soak = soak
        options.isStrict = strict
        options.command = exec
        options.listen = Endpoint(host: listen.host, port: UInt16(clamping: listen.port))
        for (feature, text) in [(Feature.usedToken, usedToken), (.revokedToken, revokedToken), (.expiredToken, expiredToken)] {
            options.spentTokens[feature] = try text.map(Self.token)
        }
        if let authority { options.authoritySeed = try Self.seed(authority) }
        return options
    }

    /// The one of `all` that is called `text`.
    private static func named<T: RawRepresentable<String>>(_ text: String, _ all: [T]) throws -> T {
        guard let value = all.first(where: { $0.rawValue == text }) else {
            throw ValidationError("Give one of \(all.map(\.rawValue).joined(separator: ", ")).")
        }
        return value
    }

    private static func token(_ text: String) throws -> JoinToken {
        do { return try JoinToken(text) } catch { throw Failure.usage("\(error)") }
    }

    private static func seed(_ path: String) throws -> SecretBytes {
        guard let bytes = FileManager.default.contents(atPath: path), let seed = ConformanceOptions.authoritySeed(in: Array(bytes)) else {
            throw Failure.usage("\(path) holds no seed: give the coordinator's authority.key, or 64 hexadecimal digits.")
        }
        return seed
    }

    private static func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path)) } catch {
            throw Failure.usage("\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}

/// What goes on while a run goes on: one line on a terminal, a line per failure elsewhere.
final class ProgressLine: Sendable {
    private let count = Mutex((done: 0, failed: 0))

    /// A case has ended.
    @Sendable func show(_ result: ConformanceReport.Result) {
        let count = count.withLock { count in
            count.done += 1
            if result.outcome == .failed { count.failed += 1 }
            return count
        }
        guard Terminal.errorHasColour else {
            if result.outcome == .failed { Terminal.note("FAILED \(result.id)") }
            if result.outcome == .warned { Terminal.note("WARNING \(result.id)") }
            return
        }
        let failed = count.failed == 0 ? "" : Style.red(", \(count.failed) failed")
        FileHandle.standardError.write(Data("\r\u{1B}[K\(count.done) done\(failed)  \(Style.dim(Terminal.plain(result.id)))".utf8))
    }

    /// Something else has to be said.
    @Sendable func say(_ text: String) {
        clear()
        Terminal.note(Terminal.plain(text))
    }

    /// Takes the line away.
    func clear() {
        if Terminal.errorHasColour { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
