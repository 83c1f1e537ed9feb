import ArgumentParser
import Foundation
import HTTPCompat
import NIOCore
import Wire

/// `wiremesh doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong with this machine's part of the mesh; each failure comes with a next step.",
        discussion: "With --data DIR it also looks at a node's data folder and certificate, and at its entry in the registry.")

    @Option(help: ArgumentHelp("A node's data folder.", valueName: "dir"), completion: .directory)
    var data: String?

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        var checks: [Check] = [Self.processor]
        checks += PortCheck.run()
        var worker: String?
        if let folder = try read.config.settings().text(data, "data") {
            let found = FolderCheck.run(folder, now: UnixTime(seconds: UInt64(max(0, Date().timeIntervalSince1970))))
            checks += found.checks
            worker = found.worker
        }
        checks += try await read.withClient { [worker] in await CoordinatorCheck.run($0, worker: worker) }
        show(checks)
        if checks.contains(where: { $0.verdict == .bad }) { throw ExitCode.failure }
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
