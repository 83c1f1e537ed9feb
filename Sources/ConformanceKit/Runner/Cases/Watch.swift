import Wire

/// A watch that is open.
struct Watch {
    let link: RawLink
    let stream: UInt32
    private var reader = MessageReader()
    private var revision: UInt64 = 0

    init(link: RawLink, stream: UInt32) {
        self.link = link
        self.stream = stream
    }

    /// Asks for what changes of `services`; of everything, where there are none.
    static func open(_ link: RawLink, _ services: [String]) async throws -> Watch {
        let stream = try link.call(MeshMethod.watch, services.isEmpty ? [] : try WatchRequest(services: services).encode())
        let answer = try await link.expectHead(stream)
        guard answer.head.status == 200, !answer.isEnd else {
            throw Mismatch(expected: "an answer that goes on", seen: "one that has ended")
        }
        return Watch(link: link, stream: stream)
    }

    mutating func next() async throws -> WatchEvent {
        while true {
            do {
                if let message = try reader.next() { return try WatchEvent(message) }
            } catch { throw Mismatch(expected: "a WatchEvent", seen: "\(error)") }
            let piece = try await link.expectData(stream)
            guard !piece.isEnd else { throw Mismatch(expected: "a watch without an end", seen: "its end") }
            reader.append(piece.bytes)
        }
    }

    /// The names of a whole snapshot.
    mutating func whole() async throws -> [String] {
        guard case .snapshot(var at, let records) = try await next() else {
            throw Mismatch(expected: "a snapshot", seen: "another event")
        }
        var names = records.map(\.name)
        while at == 0 {
            guard case .changed(let revision, let record) = try await next() else {
                throw Mismatch(expected: "the rest of a snapshot", seen: "another event")
            }
            names.append(record.name)
            at = revision
        }
        revision = at
        return names
    }

    private mutating func advance(to next: UInt64) throws {
        guard next > revision else { throw Mismatch(expected: "a revision above \(revision)", seen: "\(next)") }
        revision = next
    }

    mutating func expectChanged(_ name: String) async throws {
        guard case .changed(let at, let record) = try await next(), record.name == name else {
            throw Mismatch(expected: "a change of \(name)", seen: "another event")
        }
        try advance(to: at)
    }

    /// Changes may come before.
    mutating func expectRemoved(_ name: String) async throws {
        while true {
            switch try await next() {
            case .changed(let at, _): try advance(to: at)
            case .removed(let at, let gone):
                try advance(to: at)
                guard gone == name else { throw Mismatch(expected: "\(name) removed", seen: "\(gone) removed") }
                return
            case .snapshot: throw Mismatch(expected: "\(name) removed", seen: "a snapshot")
            }
        }
    }
}
