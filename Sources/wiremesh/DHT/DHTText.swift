import Foundation
import HTTPCompat

/// What members say of the DHT, as people read it.
enum DHTText {
    /// A node that is not in the DHT.
    static func isOut(_ name: String) -> Failure {
        .failed("\(name) is not in the DHT: start it without --no-dht, and see in its log whether it got its UDP port.")
    }

    static func show(_ place: DescribedDHT.Place, of name: String) {
        for (title, text) in lines(place, name) {
            Terminal.print(Style.bold(title + String(repeating: " ", count: max(0, 11 - title.count))) + Terminal.plain(text))
        }
        guard !place.peers.isEmpty else {
            return Terminal.note("It has no peers yet: a worker begins with the coordinators that it has links to.")
        }
        Terminal.print()
        var table = Table("PEER", "UDP", "WHY", "ROUND TRIP", "HEARD", "ADDRESS")
        for peer in place.peers {
            table.add(
                peer.name.map(short) ?? String(peer.nodeID.prefix(16)), peer.health.status, peer.health.text ?? "-",
                peer.latencyMilliseconds.map(precise) ?? "-", peer.silenceSeconds.map(WorkerText.ago) ?? "never",
                peer.endpoints.first ?? "-")
        }
        table.print(orSay: "")
    }

    private static func lines(_ place: DescribedDHT.Place, _ name: String) -> [(String, String)] {
        let since = place.sinceSeconds < 1 ? "just now" : "for \(span(place.sinceSeconds))"
        let health = [place.health.status, place.health.text.map { "(\($0))" }, since].compactMap { $0 }.joined(separator: " ")
        let published =
            place.published.isEmpty
            ? "nothing"
            : place.published.map { "\($0.service) (\($0.holders) \($0.holders == 1 ? "holder" : "holders"))" }.joined(separator: ", ")
        return [
            ("node", "\(short(name)), id \(place.nodeID.prefix(16))" + (place.endpoints.first.map { ", at \($0)" } ?? "")),
            ("datagrams", health),
            ("role", (place.isClient ? "client: " : "member: ") + place.reasonText),
            ("view", place.view == "full" ? "all nodes of the mesh" : "its buckets"),
            (
                "mesh",
                "\(place.nodes) nodes, \(place.peers.count { $0.silenceSeconds != nil }) of them its peers, \(place.sessions) sessions"
            ),
            ("holds", "\(place.records) entries of providers"), ("publishes", published),
            ("lookups", "\(place.lookups), \(place.found) found somebody"),
            ("requests", "\(place.byDatagram) by datagram, \(place.overLinks) over links"),
        ]
    }

    static func show(_ found: DescribedLookup) {
        var table = Table("PROVIDER", "ADDRESS", "RELAYS", "REGION", "VERSION", "LEFT")
        for provider in found.providers {
            table.add(
                provider.provider, provider.endpoints.isEmpty ? "-" : provider.endpoints.joined(separator: " "),
                provider.relays == 0 ? "-" : "\(provider.relays)", place(provider), version(provider), span(provider.remainingSeconds))
        }
        if !table.rows.isEmpty { table.print(orSay: "") }
        let path =
            switch found.path {
            case "udp": "by datagram"
            case "tcp": "over links"
            case "both": "by datagram and over links"
            default: found.providers.isEmpty ? "without an answer" : "without asking: it holds the entry itself"
            }
        let asked = "\(found.asked) \(found.asked == 1 ? "node" : "nodes") asked, \(found.rounds) \(found.rounds == 1 ? "round" : "rounds")"
        Terminal.note("\(asked), \(path), \(precise(found.tookMilliseconds)).\(found.isComplete ? "" : " It did not come to its end.")")
    }

    static func show(_ held: DescribedRecords) {
        var table = Table("SERVICE", "PROVIDER", "ADDRESS", "VERSION", "HELD FOR", "LEFT", "STATE")
        for record in held.records {
            table.add(
                record.service, record.provider, record.endpoints.first ?? "-", version(record), record.ageSeconds.map(span) ?? "-",
                span(record.remainingSeconds), record.isWithdrawn ? "withdrawn" : "live")
        }
        table.print(orSay: "It holds no entries: others are closer to the keys of the services, or it is a client.")
        if held.records.count < held.total { Terminal.note("\(held.records.count) of \(held.total): --limit gives more.") }
    }

    private static func place(_ entry: DescribedEntry) -> String {
        let parts = [entry.region, entry.zone].compactMap { $0 }
        return parts.isEmpty ? "-" : parts.joined(separator: "/")
    }

    /// Which run of the provider, and which entry of that run.
    private static func version(_ entry: DescribedEntry) -> String { "\(entry.incarnation).\(entry.sequence)" }

    /// Certified names of coordinators hold a whole key.
    private static func short(_ name: String) -> String { name.count > 32 ? name.prefix(28) + "…" : name }

    static func precise(_ milliseconds: Double) -> String { String(format: "%.3f ms", milliseconds) }

    private static func span(_ seconds: Double) -> String {
        guard seconds >= 0, seconds < 1e9 else { return "-" }
        return seconds < 120 ? "\(Int(seconds))s" : seconds < 7_200 ? "\(Int(seconds / 60))m" : "\(Int(seconds / 3_600))h"
    }
}
