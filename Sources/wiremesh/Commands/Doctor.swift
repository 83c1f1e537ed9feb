import ArgumentParser
import Foundation
import HTTPCompat
import NIOCore
import Wire

/// `wiremesh doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong with this machine's part of the mesh; each failure comes with a next step.",
        discussion: """
            With --data DIR it also looks at a node's data folder and certificate, and at its entry in the registry. Where a worker of \
            this machine answers (--worker), it says in which direction UDP is broken: out, back, or in.
            """)

    @Option(help: ArgumentHelp("A node's data folder.", valueName: "dir"), completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("The HTTP address of this machine's worker (default: \(Discover.standard)).", valueName: "url"))
    var worker: String?

    @Option(
        help: ArgumentHelp("With --worker: a file with the bearer token that it wants.", valueName: "file"), completion: .file())
    var workerTokenFile: String?

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        var checks: [Check] = [Self.processor]
        checks += PortCheck.run()
        var name: String?
        if let folder = try read.config.settings().text(data, "data") {
            let found = FolderCheck.run(folder, now: UnixTime(seconds: UInt64(max(0, Date().timeIntervalSince1970))))
            checks += found.checks
            name = found.worker
        }
        checks += try await read.withClient { [name] coordinator in
            await CoordinatorCheck.run(coordinator, worker: name)
        }
        checks += try await datagrams()
        show(checks)
        if checks.contains(where: { $0.verdict == .bad }) { throw ExitCode.failure }
    }

    private func datagrams() async throws -> [Check] {
        let settings = try read.config.settings()
        let asked = settings.text(worker, "worker")
        let token = settings.text(workerTokenFile, "worker-token-file")
        return try await read.withClient { coordinator in
            guard let members = try? await coordinator.workers().value else { return [] }
            return try await read.withClient(at: asked ?? Discover.standard, tokenFile: asked == nil ? nil : token) { client in
                let name: String
                do { name = try await client.dhtStatus().value.name } catch {
                    let alone = await DatagramCheck(coordinator: coordinator, worker: nil).run()
                    guard let asked else { return alone }
                    let next = "start it, or give another URL with --worker, and its token with --worker-token-file"
                    return alone + [.bad("worker", "no worker says at \(asked) what it is in the DHT", next: next)]
                }
                // What happens to listen where a worker would may be of another mesh.
                guard asked != nil || members.contains(where: { $0.name == name }) else {
                    return await DatagramCheck(coordinator: coordinator, worker: nil).run()
                }
                return await DatagramCheck(coordinator: coordinator, worker: client).run()
            }
        }
    }

    private static var processor: Check {
        let bulk = BulkAEAD.isInUse ? "large records by OpenSSL" : "all records by libsodium"
        return Features.local.contains(.aes)
            ? .good("processor", "AES in hardware: links to others that have it use AESGCM, \(bulk)")
            : .note("processor", "no AES in hardware: links use ChaChaPoly, \(bulk)")
    }

    private func show(_ checks: [Check]) {
        guard output.json else {
            for line in checks.flatMap(\.lines) { Terminal.print(line) }
            return
        }
        var json = JSONWriter()
        json.object { json in
            json.field("healthy", !checks.contains { $0.verdict == .bad })
            json.field("checks", array: checks) { $1.write(to: &$0) }
        }
        Terminal.print(String(buffer: json.buffer))
    }
}
