import Foundation
import HTTPCompat
import Wire

/// In which direction UDP is broken, between this machine and a coordinator.
///
/// Three questions, each with its own witness: what this machine sends is counted by the coordinator; what the coordinator answers is heard
/// by the worker of this machine; and what the coordinator sends unasked is answered, or not, by that worker.
struct DatagramCheck {
    let coordinator: CoordinatorHTTPClient
    /// The worker of this machine; `nil` where none answers.
    let worker: CoordinatorHTTPClient?

    private static let subject = "datagrams"
    private static let meanwhile = "until then requests go over links, which is slower"
    /// Knocks of each size, and how many must arrive: some may get lost.
    private static let knocks = 8
    private static let enough = 4
    private static let small = 64
    private static let patience = 15

    func run() async -> [Check] {
        // An older coordinator knows nothing of the DHT.
        guard let there = try? await coordinator.dhtStatus().value else { return [] }
        guard let place = there.place else {
            return [.note(Self.subject, "the coordinator is not in the DHT: workers ask it over their links")]
        }
        let here = try? await worker?.dhtStatus().value
        let known = here?.place?.peers.first { $0.nodeID == place.nodeID }?.endpoints.first
        guard let text = known ?? place.endpoints.first, let endpoint = Endpoint(text) else {
            return [.note(Self.subject, "the coordinator does not say where it takes datagrams")]
        }
        let (arrives, out) = await outbound(endpoint)
        guard let here else {
            return [out, .note("inbound", "no worker of this machine was asked whether others reach it: --worker URL names one")]
        }
        guard let own = here.place else {
            return [out, .note("inbound", "\(here.name) is not in the DHT: it asks coordinators over links, and others find it by them")]
        }
        guard let back = await answers(place, at: endpoint, arrives: arrives) else { return [out] }
        guard back.verdict == .good else { return [out, back] }
        return [out, back, await inbound(own, of: here.name)]
    }

    // MARK: Out

    /// Whether datagrams of both sizes arrive at the coordinator: it counts those that it drops, and these it drops.
    private func outbound(_ endpoint: Endpoint) async -> (arrives: Bool, check: Check) {
        let place = "\(endpoint)/udp"
        guard let knock = Knock(to: endpoint) else {
            let next = "give the coordinator an address that this machine knows, with --advertise HOST:PORT"
            return (false, .bad(Self.subject, "this machine has no way to the coordinator's \(place)", next: next))
        }
        defer { knock.end() }
        let small = await arrived(knock, bytes: Self.small)
        guard small.outcome != .refused else {
            return (
                false,
                .bad(
                    Self.subject, "TCP works and UDP does not: \(place) refuses datagrams, nobody listens there",
                    next: "see in the coordinator's log whether it got its UDP port, and publish that one beside the TCP port; "
                        + Self.meanwhile)
            )
        }
        guard small.count >= Self.enough else {
            let finding = "TCP works and UDP does not: of \(Self.knocks) datagrams from here \(small.count) arrived at \(place)"
            return (
                false,
                .bad(Self.subject, finding, next: "let UDP out of this machine's network to \(place), and in there; \(Self.meanwhile)")
            )
        }
        let large = await arrived(knock, bytes: Limits.datagram)
        guard large.count >= Self.enough else {
            let said = large.outcome == .tooBig ? ", and the network says that they are too long" : ""
            let finding = "small datagrams arrive at \(place), those of \(Limits.datagram) bytes do not\(said)"
            return (
                false,
                .bad(
                    Self.subject, finding,
                    next: "raise the MTU of the path to \(Limits.datagram + 48) bytes or more: a tunnel or VPN cuts it; \(Self.meanwhile)")
            )
        }
        return (true, .good(Self.subject, "they arrive at the coordinator's \(place), also those of \(Limits.datagram) bytes"))
    }

    /// How many of the knocks of one size the coordinator has counted.
    private func arrived(_ knock: Knock, bytes: Int) async -> (count: Int, outcome: Knock.Outcome) {
        let before = await dropped()
        let outcome = await knock.send(Self.knocks, bytes: bytes)
        var count = 0
        for _ in 0..<Self.patience {
            count = min(max(0, await dropped() - before), Self.knocks)
            if count == Self.knocks || outcome != .sent { break }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return (count, outcome)
    }

    private func dropped() async -> Int { (try? await coordinator.dhtStatus().value.place?.datagramsDropped) ?? 0 }

    // MARK: Back, and in

    /// Whether the coordinator's answers come back to this machine's worker. `nil` where that follows from what was said before.
    private func answers(_ place: DescribedDHT.Place, at endpoint: Endpoint, arrives: Bool) async -> Check? {
        guard let ping = try? await worker?.dhtPing(place.nodeID).value else { return nil }
        if let latency = ping.latencyMilliseconds {
            return .good("answers", "the coordinator answers this worker by datagram in \(DHTText.precise(latency))")
        }
        guard arrives else { return nil }
        switch ping.cause {
        case "authentication":
            return .bad(
                "answers", "who answers at \(endpoint)/udp is not the coordinator of this mesh",
                next: "that address belongs to another node: start the coordinator with --advertise and its own address")
        case "refused":
            return .bad(
                "answers", "\(endpoint)/udp refuses the worker's datagrams",
                next: "see in the coordinator's log whether it got its UDP port")
        default:
            return .bad(
                "answers", "datagrams from here arrive at \(endpoint)/udp, and its answers do not come back (\(ping.text ?? "no cause"))",
                next: "let UDP from \(endpoint) back in to this machine: a firewall on the way drops it; \(Self.meanwhile)")
        }
    }

    /// Whether somebody to whom this machine's worker has opened no way reaches it.
    private func inbound(_ own: DescribedDHT.Place, of name: String) async -> Check {
        let ping: DescribedPing
        do { ping = try await coordinator.dhtPing(name, unasked: true).value } catch {
            return .note("inbound", "the coordinator cannot say whether strangers reach \(name): \(error)")
        }
        let place = ping.endpoint.map { "\($0)/udp" } ?? "its address"
        if ping.latencyMilliseconds != nil { return .good("inbound", "a stranger's datagram reaches \(name) at \(place)") }
        let finding =
            "datagrams go out and answers come back, and a stranger's do not reach \(name) at \(place) (\(ping.text ?? "no cause"))"
        let next =
            "open that port for UDP as for TCP, or publish it (Docker: -p PORT:PORT/udp); without it \(name) holds nothing for others"
        // Somebody who was told where it is reached is believed to be reached there; of others nothing else was to be expected.
        return own.reason == "address-given" ? .bad("inbound", finding, next: next) : .note("inbound", finding, next: next)
    }
}
