import ArgumentParser

@main
struct Main {
    static func main() async {
        do {
            var command = try await Wiremesh.asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(error)
        }
    }
}

/// The command itself: a list of subcommands.
struct Wiremesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wiremesh",
        abstract: "A mesh for worker machines: call a service by name, from any member.",
        discussion: """
            Start with `wiremesh dev`: a coordinator and two workers on this machine.

            Every option --some-name can also be given as WIREMESH_SOME_NAME in the environment or in a file of such lines \
            (--config FILE, or WIREMESH_CONFIG). A flag is stronger than the environment, the environment than the file.

            Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 3 a port that was asked for is in use.
            """,
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [Dev.self, CoordinatorCommand.self, WorkerCommand.self]),
            CommandGroup(
                name: "Read",
                subcommands: [Services.self, Workers.self, Discover.self, Call.self, Ping.self, DHTCommand.self, Doctor.self]),
            CommandGroup(name: "Administer", subcommands: [TokenCommand.self, Revoke.self, Drain.self]),
            CommandGroup(name: "Look closer", subcommands: [Decode.self, Conformance.self, Simulate.self, Version.self]),
        ]
    )
}
