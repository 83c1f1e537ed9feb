import ArgumentParser
import HTTPCompat

/// `wiremesh services`
struct Services: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the services that have a healthy worker.")

    @OptionGroup var read: ReadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let answer = try await read.withClient { try await $0.services() }
        if output.json { return Terminal.print(answer.json) }
        var table = Table("NAME", "WORKERS", "TIER", "REQUIRES")
        for service in answer.value {
            table.add(service.name, "\(service.healthyWorkers)", service.tier == 0 ? "-" : "\(service.tier)", service.requires)
        }
        table.print(orSay: "No service has a healthy worker. `wiremesh workers` says who is there.")
    }
}
