package import Wire

/// Bytes that messages take on the wire, without encoding them: a test holds these sums against the codec.
package enum MessageSize {
    /// A datagram's header and tag.
    package static let datagram = 32
    /// The first datagram of a handshake, whatever it carries.
    package static let initiation = 1_200
    /// What the answer to it has besides the message: header, index, key, tag, and the certificate.
    package static let response = 84 + 330

    package static func of(_ request: DHTRequest) -> Int {
        let body =
            switch request.question {
            case .ping(let contact), .probe(let contact): contact.map { 4 + of($0) } ?? 0
            case .find: 36 + 5 + 5
            case .store(let store): 36 + 12 + 12 + 5 + (store.entry.map { 4 + $0.encodedSize } ?? 0)
            case .sync(let sync): of(sync)
            case .unreachable: 36 + 36 + 12 + 12
            }
        return 8 + 5 + 4 + body
    }

    package static func of(_ answer: DHTAnswer) -> Int {
        let body =
            switch answer.reply {
            case .pong(let pong): 5 + 4 + pong.observed.description.utf8.count + (pong.contact.map { 4 + of($0) } ?? 0)
            case .found(let found): of(found)
            case .stored: 5 + 5
            case .synced(let synced): of(synced)
            case .noted, .refused: 1
            }
        return 8 + 4 + body
    }

    package static func of(_ contact: Contact) -> Int {
        var endpoints = 0
        for endpoint in contact.endpoints { endpoints += 2 + endpoint.description.utf8.count }
        return 36 + 36 + (endpoints > 0 ? 4 + endpoints : 0) + 12 + (contact.signature.isEmpty ? 0 : 68)
    }

    private static func of(_ found: FindAnswer) -> Int {
        var size = 8 + 5
        if !found.entries.isEmpty {
            size += 4
            for held in found.entries { size += 2 + 4 + held.entry.encodedSize + 8 }
        }
        if !found.contacts.isEmpty {
            size += 4
            for contact in found.contacts { size += 2 + of(contact) }
        }
        return size
    }

    private static func of(_ sync: SyncRequest) -> Int {
        list(sync.digests.count) + (sync.bucket == nil ? 0 : 5) + list(sync.fingerprints.count) + of(sync.entries)
    }

    private static func of(_ sync: SyncAnswer) -> Int { 12 + of(sync.entries) + list(sync.wanted.count) }

    private static func list(_ words: Int) -> Int { words == 0 ? 0 : 4 + 8 * words }

    private static func of(_ entries: [ViewEntry]) -> Int {
        entries.isEmpty ? 0 : entries.reduce(4) { $0 + 2 + 4 + of($1.contact) + 5 }
    }
}
