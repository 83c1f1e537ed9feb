import ArgumentParser
import Foundation
import NIOCore
import Transport

/// Passes links on between a server and a client that cannot dial each other. Prints "listening PORT".
struct Relay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Pass encrypted links on.")

    func run() async throws {
        let endpoint = try BenchMesh.endpoint(.relay, acceptor: ServiceTable())
        let address = try await endpoint.listen(host: "127.0.0.1", port: 0)
        FileHandle.standardOutput.write(Data("listening \(address.port ?? 0)\n".utf8))
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3_600)) }
        await endpoint.shutdown()
    }
}
