import ArgumentParser
import Foundation
import NIOCore
import Transport
import Wire

/// Answers calls with what they sent. Prints "listening PORT".
struct Server: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Echo calls over encrypted links.")

    @Option(help: "The port of a relay that this server links to; it then listens nowhere.") var through: UInt16?

    func run() async throws {
        let echo = ServiceHandler.inline(limit: 16 << 20) { (_, body, _) throws(CallError) in (Head(), body) }
        let stream = ServiceHandler.raw { _, _, stream in StreamingEcho(stream) }
        let endpoint = try BenchMesh.endpoint(.server, acceptor: ServiceTable(services: ["echo": echo, "stream": stream]))
        if let through {
            _ = try await endpoint.connect(to: try BenchMesh.target(.relay, at: through))
            FileHandle.standardOutput.write(Data("listening \(through)\n".utf8))
        } else {
            let address = try await endpoint.listen(host: "127.0.0.1", port: 0)
            FileHandle.standardOutput.write(Data("listening \(address.port ?? 0)\n".utf8))
        }
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3_600)) }
        await endpoint.shutdown()
    }
}
