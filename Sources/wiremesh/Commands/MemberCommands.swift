import ArgumentParser
import Coordinator

/// `wiremesh revoke WORKER`
struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a worker out of the mesh for good: its key is refused, and its links are closed.",
        discussion: "The name stays with the revoked key unless --release-name gives it free.")

    @Argument(help: "The worker.")
    var worker: String

    @Flag(help: "Let another key take the name.")
    var releaseName = false

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await admin.coordinator().revoke(worker: worker, releaseName: releaseName)
        Terminal.note("\(Terminal.plain(worker)) is revoked.")
    }
}

/// `wiremesh drain WORKER`
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a worker nothing new; it finishes what it has. A restart of the worker ends that.")

    @Argument(help: "The worker.")
    var worker: String

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await admin.coordinator().drain(worker: worker)
        Terminal.note("\(Terminal.plain(worker)) gets nothing new.")
    }
}
