import HTTPCompat
import NIOCore
import NIOPosix
import Wire

/// Sends a request through the mesh and shows what happens, as it happens.
enum Demo {
    /// A client asks `entry` for a service that only another worker hosts.
    static func show(_ entry: Endpoint, command: String) async throws {
        let client = try CoordinatorHTTPClient(url: "http://\(entry)", group: MultiThreadedEventLoopGroup.singleton)
        Terminal.print(Style.bold("A request for \"counter\" enters at ada, which does not have it:"))
        Terminal.print()
        Terminal.print("  " + Style.bold(command))
        do {
            try await show(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        Terminal.print()
        Terminal.print("It crossed from ada to bob over one encrypted link and streamed back as it was made.")
        Terminal.print()
    }

    private static func show(_ client: CoordinatorHTTPClient) async throws {
        let start = ContinuousClock.now
        let answer = try await client.call("counter", path: "?to=5", method: "GET", timeout: .seconds(30))
        Terminal.print("  HTTP \(answer.status)")
        for field in answer.fields {
            let line = "  \(field.name): \(field.value)"
            Terminal.print(field.name.hasPrefix("wiremesh-") ? Style.green(line) : line)
        }
        Terminal.print()
        guard answer.status == 200 else { throw Failure.failed("The request was answered \(answer.status): see `wiremesh doctor`.") }
        for try await part in answer.body {
            let milliseconds = (ContinuousClock.now - start).wholeMilliseconds
            for line in String(buffer: part).split(separator: "\n") {
                Terminal.print("  \(Terminal.plain(String(line)))" + Style.dim("   after \(milliseconds) ms"))
            }
        }
    }
}
