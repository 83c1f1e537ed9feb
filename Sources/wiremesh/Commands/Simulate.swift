import ArgumentParser
import DHT
import HTTPCompat
import MeshTestKit
import NIOCore

/// `wiremesh simulate …`
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run parts of this program in a network of virtual time.", subcommands: [Discovery.self])

    /// `wiremesh simulate dht`
    struct Discovery: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dht",
            abstract: "Simulate a mesh that finds services without a coordinator.",
            discussion: """
                The nodes run this program's own code, without cryptography. They join within a minute, come to rest, and are measured \
                then. The same options give the same run: the trace says so.
                """)

        @Option(help: "Nodes in the mesh.")
        var nodes = 1_000

        @Option(help: "Hours that are measured, such as 0.5.")
        var hours = 0.1

        @Option(help: "Minutes before, in which the mesh comes to rest.")
        var warmUp = 5.0

        @Option(help: "The median life of a node, such as 10m; at its death another takes its place. Without it nobody dies.")
        var churn: DurationArgument?

        @Option(help: "Share of datagrams that are lost, each way: 0.05.")
        var loss = 0.0

        @Option(help: "Share of nodes that die when the measured time begins.")
        var killed = 0.0

        @Option(help: "Share of nodes behind a translation of addresses.")
        var clients = 0.0

        @Option(help: "Share of nodes that lie.")
        var liars = 0.0

        @Option(help: "By how much clocks go wrong: 0.01.")
        var skew = 0.0

        @Option(help: "The median round trip, in milliseconds.")
        var roundTrip = 50

        @Option(help: "Lookups of each node in a minute.")
        var lookups = 1.0

        @Option(help: "The beginning of all chance.")
        var seed: UInt64 = 1

        @Option(help: "What the nodes run: standard, twenty (k = 20, alpha = 3) or textbook (rounds, 5 s, dropped at the first failure).")
        var design = Design.standard

        @OptionGroup var output: JSONOption

        enum Design: String, ExpressibleByArgument, CaseIterable {
            case standard, twenty, textbook
        }

        func validate() throws {
            guard (2...1_000_000).contains(nodes) else { throw ValidationError("--nodes must be from 2 to 1000000.") }
            guard (0...1_000).contains(hours), (0...1_000).contains(warmUp) else { throw ValidationError("Times must be from 0 to 1000.") }
            for share in [loss, killed, clients, liars, skew] where !(0...0.99).contains(share) {
                throw ValidationError("Shares must be from 0 to 0.99.")
            }
            guard (1...10_000).contains(roundTrip), (0...600).contains(lookups) else {
                throw ValidationError("--round-trip must be from 1 to 10000, --lookups from 0 to 600.")
            }
        }

        func run() {
            let clock = ContinuousClock()
            let begin = clock.now
            var simulation = DHTSimulation(plan)
            let report = simulation.run()
            let took = (clock.now - begin) / .seconds(1)
            if output.json { Terminal.print(json(report, took)) } else { table(report, took) }
        }

        private var plan: SimulationPlan {
            var plan = SimulationPlan(nodes: nodes, seed: seed)
            plan.duration = .milliseconds(Int64(hours * 3_600_000))
            plan.warmUp = .milliseconds(Int64(warmUp * 60_000))
            plan.medianRoundTrip = .milliseconds(roundTrip)
            plan.medianSession = churn?.duration
            plan.loss = loss
            plan.killed = killed
            plan.clients = clients
            plan.liars = liars
            plan.skew = skew
            plan.lookups = lookups
            switch design {
            case .standard: break
            case .twenty: plan.configuration = .twenty
            case .textbook: plan.configuration = .textbook
            }
            return plan
        }

        /// What is printed, in both forms: a name for programs, one for people, and the number.
        private func rows(_ report: SimulationReport, _ took: Double) -> [(key: StaticString, heading: String, value: Double)] {
            [
                ("lookups", "lookups", Double(report.lookups)),
                ("success_percent", "success, %", report.success * 100),
                ("mean_rounds", "rounds, mean", report.meanRounds),
                ("requests_per_lookup", "requests a lookup", Double(report.asked) / Double(max(report.lookups, 1))),
                ("p50_ms", "p50, ms", report.latency(50)),
                ("p95_ms", "p95, ms", report.latency(95)),
                ("p99_ms", "p99, ms", report.latency(99)),
                ("bytes_per_lookup", "bytes a lookup", report.bytesPerLookup),
                ("bytes_per_second", "bytes/s a node, sent", report.bytesPerSecond),
                ("datagrams_per_second", "datagrams/s a node", Double(report.datagrams) / max(report.nodeSeconds, 1)),
                ("contacts", "contacts a node", Double(report.contacts) / Double(nodes)),
                ("live_contacts_percent", "of them alive, %", 100 * Double(report.liveContacts) / Double(max(report.contacts, 1))),
                ("deaths", "deaths", Double(report.deaths)),
                ("events", "events", Double(report.events)),
                ("seconds", "took, s", took),
            ]
        }

        private func json(_ report: SimulationReport, _ took: Double) -> String {
            var json = JSONWriter()
            json.object { json in
                json.field("nodes", nodes)
                json.field("seed", String(seed))
                json.field("design", design.rawValue)
                for row in rows(report, took) { json.field(row.key, row.value) }
                json.field("trace", String(report.trace, radix: 16))
            }
            return String(buffer: json.buffer)
        }

        private func table(_ report: SimulationReport, _ took: Double) {
            var table = Table("Measured", "Value")
            for row in rows(report, took) { table.add(row.heading, Self.text(row.value)) }
            table.add("trace", String(report.trace, radix: 16))
            table.print(orSay: "Nothing was measured.")
        }

        /// Two places behind the point, where there is something behind it.
        private static func text(_ value: Double) -> String {
            let hundredths = Int64(min((value * 100).rounded(), 9e15))
            guard !hundredths.isMultiple(of: 100) else { return String(hundredths / 100) }
            let rest = hundredths % 100
            return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
        }
    }
}
