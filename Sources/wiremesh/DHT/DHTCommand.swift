import ArgumentParser
import HTTPCompat

/// `wiremesh dht`
struct DHTCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dht", abstract: "Look into the DHT, by which members find services without a coordinator.",
        discussion: """
            Each member sees its own part. The coordinator is asked unless --worker names a worker. Where datagrams do not work, \
            `wiremesh doctor` says in which direction.
            """,
        subcommands: [DHTStatusCommand.self, DHTLookupCommand.self, DHTPingCommand.self, DHTRecordsCommand.self],
        defaultSubcommand: DHTStatusCommand.self)
}

/// `wiremesh dht status`
struct DHTStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say whether datagrams work, altogether and to each peer.")

    @OptionGroup var member: MemberOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let answer = try await member.withClient { try await $0.dhtStatus() }
        if output.json { return Terminal.print(answer.json) }
        guard let place = answer.value.place else { throw DHTText.isOut(answer.value.name) }
        DHTText.show(place, of: answer.value.name)
    }
}

/// `wiremesh dht lookup NAME`
struct DHTLookupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Look for the providers of a service in the DHT, and say how that went.",
        discussion: "The entries are the providers' own, signed; a call asks a coordinator as well where nobody is found here.")

    @Argument(help: "The service.")
    var name: String

    @OptionGroup var member: MemberOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let answer = try await member.withClient { client in
            do { return try await client.dhtLookup(name) } catch ClientError.refused(status: 422, _) {
                throw Failure.usage("'\(name)' cannot be a service's name: give letters, digits, '.', '_' and '-'.")
            }
        }
        let found = answer.value
        if output.json { Terminal.print(answer.json) } else { DHTText.show(found) }
        guard found.providers.isEmpty else { return }
        let next =
            found.path == "none"
            ? "nobody answered: `wiremesh dht status` says whether datagrams work"
            : "`wiremesh discover \(name)` asks the coordinator"
        throw Failure.failed("The DHT has no provider of \(name); \(next).")
    }
}

/// `wiremesh dht ping WHO`
struct DHTPingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Measure the round trip between two members by datagram.",
        discussion: """
            Four pings by UDP. --unasked sends each from a socket and a node of its own, to which the member has opened no way: what a \
            firewall or a NAT there lets in. `wiremesh ping` measures the link, which is TCP.
            """)

    @Argument(help: "The member: its name, its node id, or the beginning of either.")
    var who: String

    @Flag(help: "As a stranger. Only a coordinator can.")
    var unasked = false

    @OptionGroup var member: MemberOptions
    @OptionGroup var output: JSONOption

    private static let count = 4

    func run() async throws {
        guard try !unasked || member.read.config.settings().text(member.worker, "worker") == nil else {
            throw Failure.usage("A worker is no stranger to anybody: leave out --worker, so that the coordinator asks.")
        }
        try await member.withClient { client in
            for number in 1...Self.count {
                let answer = try await client.dhtPing(who, unasked: unasked)
                try show(answer)
                if number < Self.count { try await Task.sleep(for: .milliseconds(250)) }
            }
        }
    }

    private func show(_ answer: CoordinatorAnswer<DescribedPing>) throws {
        let place = answer.value.endpoint.map { " at \(Terminal.plain($0))" } ?? ""
        if output.json { Terminal.print(answer.json) }
        guard let latency = answer.value.latencyMilliseconds else {
            let cause = answer.value.text ?? "no cause is named"
            throw Failure.failed(
                "\(who) gives no answer by datagram\(place) (\(cause)): `wiremesh doctor` on its machine "
                    + "says in which direction UDP is broken.")
        }
        if !output.json { Terminal.print("\(Terminal.plain(who))\(place): \(DHTText.precise(latency)) by datagram") }
    }
}

/// `wiremesh dht records`
struct DHTRecordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "List the entries of providers that a member holds for others.")

    @Option(help: ArgumentHelp("How many at most.", valueName: "number"))
    var limit = 1_000

    @OptionGroup var member: MemberOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit): give a positive number.") }
    }

    func run() async throws {
        let answer = try await member.withClient { try await $0.dhtRecords(limit: limit) }
        if output.json { return Terminal.print(answer.json) }
        DHTText.show(answer.value)
    }
}
