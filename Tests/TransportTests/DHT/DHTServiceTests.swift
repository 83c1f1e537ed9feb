import Logging
import NIOCore
import NIOPosix
import Testing
import Wire

@testable import Transport

/// Nodes of the DHT with real sockets, sessions and signatures.
@Suite struct DHTServiceTests {
    private struct Node {
        var service: DHTService
        var contact: Contact
        var credentials: NodeCredentials
        var endpoint: MeshEndpoint?
    }

    private static func node(_ mesh: MeshFixture, _ name: String, links: Bool = false, udp: Bool = true, isClient: Bool = false)
        async throws -> Node
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let credentials = try mesh.credentials(name)
        let held = Held()
        var endpoint: MeshEndpoint?
        if links {
            let table = ServiceTable(methods: [MeshMethod.dht: .dht { await held.service?.answer($0, from: $1) }])
            endpoint = MeshEndpoint(
                credentials: credentials, configuration: .init(bootEpoch: 1), acceptor: table, admission: AdmitMembers(),
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: name))
        }
        let tcp = try await endpoint?.listen(host: "127.0.0.1", port: 0).port
        let setup = DHTService.Configuration(credentials: credentials, bootEpoch: 1, isClient: isClient)
        let service = try await DHTService.make(setup, links: endpoint, contacts: nil, on: loop)
        held.service = service
        // A node without datagrams binds where nobody looks for it.
        let port = try await service.start(host: udp ? "127.0.0.1" : "127.0.0.2", port: tcp ?? 0)
        let here = Endpoint(host: "127.0.0.1", port: UInt16(port))
        service.setEndpoints([here])
        let node = try #require(credentials.certificate?.nodeID)
        let contact = Contact(nodeID: node, staticKey: credentials.staticKey.publicKey, endpoints: [here])
        return Node(service: service, contact: contact, credentials: credentials, endpoint: endpoint)
    }

    private final class Held: @unchecked Sendable { var service: DHTService? }

    /// Looks until somebody is found, at most 10 s.
    private static func find(_ service: String, from node: Node) async throws -> [ProviderEntry] {
        for _ in 0..<50 {
            let found = await node.service.lookup(service, timeout: .milliseconds(800))
            if !found.isEmpty { return found }
            try await Task.sleep(for: .milliseconds(200))
        }
        return []
    }

    @Test func aProviderIsFoundByAMemberThatKnowsOnlyTheSeed() async throws {
        let mesh = try MeshFixture()
        let seed = try await Self.node(mesh, "seed")
        var others: [Node] = []
        for number in 0..<6 {
            let node = try await Self.node(mesh, "node-\(number)")
            node.service.add([seed.contact])
            others.append(node)
        }
        others[0].service.provide(["ocr"])
        let found = try await Self.find("ocr", from: others[5])
        #expect(found.map(\.name) == ["node-0"])
        #expect(found.first?.provider.endpoints == others[0].contact.endpoints)
        let statistics = try #require(await others[5].service.statistics())
        #expect(statistics.health == .ok && statistics.peers >= 1 && statistics.overLinks == 0)
        for node in others + [seed] { await node.service.shutdown() }
    }

    /// Nobody is there whom it has not asked: the one that it knows knocks from another socket.
    @Test func aNodeThatCanBeReachedIsSoonAMember() async throws {
        let mesh = try MeshFixture()
        let seed = try await Self.node(mesh, "seed")
        let node = try await Self.node(mesh, "node", isClient: true)
        node.service.add([seed.contact])
        for _ in 0..<100 where await node.service.statistics()?.isClient ?? true { try await Task.sleep(for: .milliseconds(100)) }
        #expect(await node.service.statistics()?.isClient == false)
        for node in [node, seed] { await node.service.shutdown() }
    }

    @Test func whatIsWithdrawnIsFoundNoMore() async throws {
        let mesh = try MeshFixture()
        let (seed, a, b) = (try await Self.node(mesh, "seed"), try await Self.node(mesh, "a"), try await Self.node(mesh, "b"))
        for node in [a, b] { node.service.add([seed.contact]) }
        a.service.provide(["x", "y"])
        #expect(try await Self.find("x", from: b).map(\.name) == ["a"])
        a.service.provide(["y"])
        for _ in 0..<50 {
            if await b.service.lookup("x", timeout: .milliseconds(500)).allSatisfy(\.offer.isWithdrawn) { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(await b.service.lookup("x", timeout: .milliseconds(500)).allSatisfy(\.offer.isWithdrawn))
        for node in [a, b, seed] { await node.service.shutdown() }
    }

    /// Where datagrams do not reach anybody, the same requests travel over links.
    @Test func overLinksWhereDatagramsDoNotWork() async throws {
        let mesh = try MeshFixture()
        let seed = try await Self.node(mesh, "seed", links: true, udp: false)
        let (a, b) = (try await Self.node(mesh, "a", links: true), try await Self.node(mesh, "b", links: true))
        for node in [a, b] { node.service.add([seed.contact]) }
        a.service.provide(["x"])
        #expect(try await Self.find("x", from: b).map(\.name) == ["a"])
        let statistics = try #require(await b.service.statistics())
        #expect(statistics.overLinks > 0 && statistics.health != .ok)
        for node in [a, b, seed] {
            await node.service.shutdown()
            await node.endpoint?.shutdown()
        }
    }

    // MARK: For people

    @Test func aNodeSaysWhatItKnows() async throws {
        let mesh = try MeshFixture()
        let (seed, a) = (try await Self.node(mesh, "seed"), try await Self.node(mesh, "a"))
        a.service.add([seed.contact])
        a.service.provide(["x"])
        #expect(try await Self.find("x", from: seed).map(\.name) == ["a"])
        let status = try #require(await a.service.status())
        #expect(status.statistics.health == .ok && status.statistics.hasFullView && status.publications.map(\.service) == ["x"])
        let peer = try #require(status.peers.first)
        #expect(peer.name == "seed" && peer.health == .ok && peer.roundTrip != nil && peer.silence != nil)
        let (records, total) = await seed.service.records(limit: 10)
        #expect(total == 1 && records.map(\.entry.name) == ["a"] && records.allSatisfy { $0.remaining > .zero })
        let finding = await seed.service.find("x", timeout: .seconds(5))
        #expect(finding.isComplete && finding.providers.map(\.entry.name) == ["a"] && finding.answersOverLinks == 0)
        let counted = try #require(await seed.service.statistics())
        _ = await seed.service.find("nobody", timeout: .seconds(5))
        #expect(await seed.service.statistics()?.lookups == counted.lookups, "a question of people is no lookup")
        #expect(a.service.recentStatistics != nil)
        for node in [a, seed] { await node.service.shutdown() }
    }

    @Test func pingsAreMeasuredOrSayWhyNot() async throws {
        let mesh = try MeshFixture()
        let (seed, a) = (try await Self.node(mesh, "seed"), try await Self.node(mesh, "a"))
        #expect(try await a.service.ping(seed.contact).get() > .zero)
        let unasked = try await UnaskedPing.send(
            to: a.contact, as: try mesh.credentials("stranger", roles: .client), timeout: .seconds(5),
            on: MultiThreadedEventLoopGroup.singleton.next())
        #expect(try unasked.get() > .zero)
        // The key of another, where somebody else answers or nobody can read.
        var wrong = seed.contact
        wrong.nodeID = a.contact.nodeID
        #expect(
            await seed.service.ping(Contact(nodeID: wrong.nodeID, staticKey: seed.contact.staticKey, endpoints: a.contact.endpoints))
                == .failure(DHTUnanswered(cause: .noAnswer)))
        await seed.service.shutdown()
        #expect(await a.service.ping(seed.contact) == .failure(DHTUnanswered(cause: .refused)))
        await a.service.shutdown()
    }

    // DHT-2.2
    @Test func aForgedContactOfAKnownNodeIsNotBelieved() throws {
        let mesh = try MeshFixture()
        let (own, other) = (try mesh.credentials("own"), try mesh.credentials("other"))
        let verifier = MemberVerifier(authority: mesh.authority.publicKey, own: own.certificate)
        func contact(of node: NodeCredentials, by signer: NodeCredentials) throws -> Contact {
            let id = try #require(node.certificate?.nodeID)
            return try Contact(nodeID: id, staticKey: node.staticKey.publicKey, endpoints: [], sequence: 1).signed(by: signer.identity)
        }
        #expect(verifier.isGenuine(try contact(of: own, by: own)))
        #expect(!verifier.isGenuine(try contact(of: own, by: other)), "of the node itself")
        #expect(verifier.isGenuine(try contact(of: other, by: own)), "a hint, while its key is not known")
        verifier.learn(try #require(other.certificate))
        #expect(!verifier.isGenuine(try contact(of: other, by: own)))
        #expect(verifier.isGenuine(try contact(of: other, by: other)))
    }
}
