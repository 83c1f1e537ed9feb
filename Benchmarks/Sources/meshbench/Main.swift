import ArgumentParser

@main
struct Meshbench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "One side of a measurement of Wiremesh; Benchmarks/run starts both.",
        subcommands: [Server.self, Client.self, Relay.self, Links.self, DHT.self, DHTNodeCommand.self, DHTFlood.self])
}
