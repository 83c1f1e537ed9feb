import Wire

/// mesh.watch: a snapshot, then what changes.
enum WatchCases {
    static let all: [ConformanceCase] = [
        one("snapshot-first", "sends a snapshot first, also an empty one", ["MSG-6.1"]) { _, link in
            var watch = try await Watch.open(link, [MessageCases.unique("nobody")])
            guard case .snapshot(let revision, let records) = try await watch.next(), records.isEmpty, revision > 0 else {
                throw Mismatch(expected: "an empty snapshot", seen: "something else")
            }
        },
        one("everything", "watches every worker where the request names no service", ["MSG-6.1", "MSG-6.2"]) { scene, link in
            try await MessageCases.register(link, MessageCases.registration(scene))
            var watch = try await Watch.open(link, [])
            let names = try await watch.whole()
            guard names.contains(scene.member.name) else {
                throw Mismatch(expected: "\(scene.member.name) in the snapshot", seen: "\(names.count) others")
            }
        },
        one("changes", "tells of a worker that comes, changes and goes", ["MSG-6.4", "MSG-6.6"]) { scene, link in
            let service = MessageCases.unique("watched")
            var watch = try await Watch.open(link, [service])
            _ = try await watch.whole()
            var registration = MessageCases.registration(scene, service)
            try await MessageCases.register(link, registration)
            try await watch.expectChanged(scene.member.name)
            registration.region = "elsewhere"
            try await MessageCases.register(link, registration)
            try await watch.expectChanged(scene.member.name)
            _ = try await link.expectAnswer(try link.call(MeshMethod.leave))
            try await watch.expectRemoved(scene.member.name)
        },
        one("service-gone", "tells that a worker is gone when the watched service is", ["MSG-6.6"]) { scene, link in
            let service = MessageCases.unique("watched")
            try await MessageCases.register(link, MessageCases.registration(scene, service))
            var watch = try await Watch.open(link, [service])
            guard try await watch.whole() == [scene.member.name] else { throw Mismatch(expected: "one worker", seen: "others") }
            try await MessageCases.register(link, MessageCases.registration(scene, MessageCases.unique("another")))
            try await watch.expectRemoved(scene.member.name)
        },
        one("others-are-no-news", "says nothing of services that are not watched", ["MSG-6.6"]) { scene, link in
            var watch = try await Watch.open(link, [MessageCases.unique("quiet")])
            _ = try await watch.whole()
            try await MessageCases.register(link, MessageCases.registration(scene, MessageCases.unique("loud")))
            try await link.expectNothing(on: watch.stream, for: .milliseconds(200))
        },
        one("many", "serves several watches of one link", ["MSG-6.1"]) { scene, link in
            let service = MessageCases.unique("watched")
            var watches: [Watch] = []
            for _ in 0..<5 { watches.append(try await Watch.open(link, [service])) }
            for index in watches.indices { _ = try await watches[index].whole() }
            try await MessageCases.register(link, MessageCases.registration(scene, service))
            for index in watches.indices { try await watches[index].expectChanged(scene.member.name) }
        },
        one("slow-watcher", "serves others while a watcher takes nothing", ["FLOW-1.1", "MSG-6.1"]) { scene, _ in
            let link = try await scene.link { $0.parameters.streamWindow = 0 }
            link.givesCredit = false
            let stream = try link.call(MeshMethod.watch)
            _ = try await link.expectHead(stream)
            for _ in 0..<5 { try await MessageCases.slowRegister(link, scene) }
            try await link.expectService()
        },
    ]

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], _ body: @escaping @Sendable (Scene, RawLink) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("watch/\(name)", title, clauses, needs: [.coordinator, .watch]) { scene in
            try await body(scene, try await scene.link())
        }
    }
}

extension MessageCases {
    /// A registration whose answer nobody takes.
    static func slowRegister(_ link: RawLink, _ scene: Scene) async throws {
        let stream = try link.call(MeshMethod.register, try registration(scene, unique("slow")).encode())
        _ = try await link.expectHead(stream)
    }
}
