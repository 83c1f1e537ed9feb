import Foundation
import NIOCore
import Wire

/// A mesh with an authority, a token and a place to join at.
struct Theatre: Sendable {
    let authority: OwnAuthority
    let token: JoinToken
    let listener: Listener

    init(_ listener: Listener) throws {
        authority = try OwnAuthority()
        guard let id = TokenID(SystemRandom.bytes(16)) else { throw ConformanceFailure("There is no token id.") }
        token = JoinToken(id: id, secret: SystemRandom.secret(), authority: authority.keys.publicKey, endpoints: [listener.endpoint])
        self.listener = listener
    }

    var meshID: MeshID { .meshID(authority: authority.keys.publicKey) }

    static func open(_ options: ConformanceOptions, _ group: any EventLoopGroup) async throws -> Theatre {
        try Theatre(await listen(options, group))
    }

    static func listen(_ options: ConformanceOptions, _ group: any EventLoopGroup) async throws -> Listener {
        do { return try await Listener.open(options.listen, group) } catch {
            throw ConformanceFailure("Cannot listen at \(options.listen) (\(error)): choose another --listen.")
        }
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

    /// Starts a target once, to see whether it dials at all and begins as a node does: no case can tell anything where it does not.
    func rehearse(_ command: String, _ folder: URL, within limit: Duration, patience: Duration) async throws {
        if let fault = TargetProcess.fault(in: command) {
            await listener.close()
            throw ConformanceFailure("--exec cannot be used: \(fault).", isUsage: true)
        }
        let process = try start(command, folder)
        let deadline = ContinuousClock.now + limit
        var hasDialled = false
        while !hasDialled, deadline > .now, !process.hasFailed { hasDialled = await listener.isDialled(within: .milliseconds(100)) }
        let stranger = hasDialled ? await stranger(patience) : nil
        let (hasFailed, hasNotBegun) = (process.hasFailed, process.hasNotBegun)
        let words = process.lastWords
        await process.stop()
        listener.dropAccepted()
        await listener.close()
        if let stranger { throw stranger }
        guard !hasNotBegun else {
            throw ConformanceFailure("--exec cannot be run (\(words)): give a command that starts the target.", isUsage: true)
        }
        guard hasDialled else {
            throw ConformanceFailure(
                "The target did not dial the run at \(listener.endpoint): "
                    + (hasFailed ? "its command ended" : "nothing came within \(limit.text)")
                    + (words.isEmpty ? "" : ", and said: \(words)") + ". Try the command of --exec by hand.")
        }
    }

    /// What has dialled, where it is no node: one begins with the four bytes of a preface, at once.
    func stranger(_ patience: Duration) async -> ConformanceFailure? {
        guard let connection = listener.first else { return nil }
        let seen = await connection.beginning(4, until: .now + patience)
        let magic = Array(Preface(suite: .chaChaPoly, pattern: .member).encoded.prefix(4))
        guard seen.bytes != magic else { return nil }
        let all = await connection.beginning(48, until: .now).bytes
        var sent = all.isEmpty ? "nothing" : all.excerpt
        if seen.isClosed { sent += ", and closed the connection" } else if all.isEmpty { sent += " within \(patience.text)" }
        return ConformanceFailure(
            "What has dialled the run at \(listener.endpoint) does not speak WM/1: instead of a preface it sent \(sent).")
    }
}
