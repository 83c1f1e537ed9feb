import ArgumentParser
import Foundation
import HTTPCompat
import Logging
import Wire
import Worker

/// `wiremesh dev`
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a coordinator and two workers on this machine, with small services to try.",
        discussion: "Everything listens on loopback, on the default ports or the next free ones. What it keeps is gone when it ends.")

    @Flag(help: "First send a request through the mesh, and show what happens.")
    var demo = false

    func run() async throws {
        let logger = Logger(label: "wiremesh.dev") { _ in LineLogHandler(logLevel: .warning, format: .text) }
        try await Signals.run {
            Terminal.note("Starting a coordinator and two workers")
            let mesh = try await DevMesh.start(logger: logger)
            do {
                try await mesh.settle()
                if demo { try await Demo.show(mesh.ada.http, command: Self.streaming(mesh)) }
                Self.show(mesh)
                await Signals.never()
            } catch {
                await mesh.shutdown()
                throw error
            }
            Terminal.note("Stopping")
            await mesh.shutdown()
        }
    }

    private static func show(_ mesh: DevMesh) {
        var table = Table("NAME", "HTTP", "LINKS", "SERVICES")
        table.add("coordinator", "http://\(mesh.coordinator.http)", "\(mesh.coordinator.wire)", "")
        for worker in [mesh.ada, mesh.bob] {
            let services = worker.node.services.map(\.name).joined(separator: " ")
            table.add(worker.node.name, "http://\(worker.http)", worker.node.listening.map { "\($0)" } ?? "-", services)
        }
        table.print(orSay: "")
        let program = CommandLine.arguments.first ?? "wiremesh"
        let option = mesh.coordinator.http.port == 8_080 ? "" : " --coordinator http://\(mesh.coordinator.http)"
        Terminal.print("\nTry, in another terminal:\n")
        let commands = [
            streaming(mesh), "curl -i http://\(mesh.ada.http)/service/echo -d 'hello'", "\(program) services\(option)",
            "\(program) discover hello --explain\(option)", "\(program) call echo --data 'hello'\(option)", "\(program) doctor\(option)",
        ]
        for command in commands { Terminal.print("  " + command) }
        Terminal.print("\nCtrl-C ends it.")
    }

    /// A service of bob, asked of ada.
    private static func streaming(_ mesh: DevMesh) -> String { "curl -iN 'http://\(mesh.ada.http)/service/counter?to=5'" }
}
