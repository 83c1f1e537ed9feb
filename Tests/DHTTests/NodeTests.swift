import DHT
import MeshTestKit
import Testing
import Wire

/// What a node does about requests and answers of others.
@Suite struct NodeTests {
    private let peer = Kit.contact(Kit.id(5))

    private func store(_ entry: ProviderEntry, key: Bytes32? = nil) -> DHTRequest {
        DHTRequest(exchange: 1, .store(StoreRequest(key: key ?? .serviceKey(entry.offer.service), version: entry.version, entry: entry)))
    }

    // DHT-3.8
    @Test func storesAreTakenWithinASessionOnly() {
        var driven = Driven()
        let request = store(Kit.entry(by: peer.nodeID))
        #expect(driven.tell(.request(request, from: peer, via: .udp, inSession: false)).answers == [.refused(.notInSession)])
        #expect(driven.node.records.count == 0)
        let kept = StoreAnswer(outcome: .kept, split: 0)
        #expect(driven.tell(.request(request, from: peer, via: .udp, inSession: true)).answers == [.stored(kept)])
        #expect(driven.node.records.count == 1)
    }

    // DHT-3.9, DHT-3.2
    @Test func onlyTheProviderStoresItsEntryUnderItsKey() {
        var driven = Driven()
        let others = store(Kit.entry(by: Kit.id(6)))
        #expect(driven.tell(.request(others, from: peer, via: .udp, inSession: true)).answers == [.refused(.notYours)])
        let elsewhere = store(Kit.entry(by: peer.nodeID), key: .serviceKey("other"))
        #expect(driven.tell(.request(elsewhere, from: peer, via: .udp, inSession: true)).answers == [.refused(.wrongKey)])
        let forged = store(Kit.entry(by: peer.nodeID, name: SimulatedVerifier.forged))
        #expect(driven.tell(.request(forged, from: peer, via: .udp, inSession: true)).answers == [.refused(.notYours)])
        #expect(driven.node.records.count == 0)
    }

    // DHT-5.1, DHT-2.1
    @Test func onlyContactsThatAnsweredAreKeptAndHandedOn() {
        var driven = Driven { $0.fullView = 0 }
        driven.tell(.start([]))
        let find = DHTRequest(exchange: 1, .find(FindRequest(target: Kit.id(0), entries: 0, contacts: 8)))
        driven.tell(.request(DHTRequest(exchange: 1, .ping(nil)), from: peer, via: .udp, inSession: true))
        #expect(driven.node.table.count == 0, "it asked, it has not answered")
        #expect(driven.tell(.request(find, from: Kit.contact(Kit.id(6)), via: .udp, inSession: true)).answers == [.found(FindAnswer())])
        driven.introduce([peer])
        #expect(driven.node.table.contacts.map(\.nodeID) == [peer.nodeID])
        let answer = driven.tell(.request(find, from: Kit.contact(Kit.id(6)), via: .udp, inSession: true)).answers
        #expect(answer == [.found(FindAnswer(contacts: [driven.node.table.contacts[0].unsigned]))])
    }

    // DHT-5.2
    @Test func clientsHaveNoPlaceInTables() {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce([peer, Kit.contact(Kit.id(6))])
        driven.tell(.request(DHTRequest(exchange: 1, isClient: true, .ping(nil)), from: peer, via: .udp, inSession: true))
        #expect(driven.node.table.contacts.map(\.nodeID) == [Kit.id(6)])
        for _ in 0..<20 {
            let actions = driven.tell(.tick, after: .milliseconds(500))
            #expect(!actions.asked.contains { $0.contact.nodeID == peer.nodeID })
            driven.answerAll(actions)
        }
    }

    @Test func aClientHoldsNothing() {
        // Whoever comes unasked is the proof that it is none: so each request meets a node that has heard of nobody yet.
        let find = DHTRequest(exchange: 1, .find(FindRequest(target: Kit.id(0), entries: 1, contacts: 8)))
        for request in [store(Kit.entry(by: peer.nodeID)), find] {
            var driven = Driven(isClient: true)
            #expect(driven.tell(.request(request, from: peer, via: .udp, inSession: true)).answers == [.refused(.unsupported)])
        }
        var driven = Driven(isClient: true)
        let asked = driven.tell(.start([peer])).asked
        #expect(!asked.isEmpty && asked.allSatisfy { $0.request.isClient })
    }

    // DHT-4.3, DHT-4.4
    @Test func answersCountOnlyFromWhomWasAskedAndToWhatWasAsked() throws {
        var driven = Driven { $0.fullView = 0 }
        let asked = try #require(driven.tell(.start([peer])).asked.first)
        let pong = Driven.emptyAnswer(asked.request)
        driven.tell(.answer(pong, from: Kit.contact(Kit.id(6)), via: .udp))
        #expect(driven.node.table.count == 0)
        driven.tell(.answer(DHTAnswer(exchange: asked.request.exchange &+ 77, pong.reply), from: peer, via: .udp))
        #expect(driven.node.table.count == 0)
        driven.tell(.answer(DHTAnswer(exchange: asked.request.exchange, .noted), from: peer, via: .udp))
        #expect(driven.node.table.count == 1, "it is there, whatever it says")
        driven.tell(.answer(pong, from: peer, via: .udp))
        #expect(driven.node.table.count == 1, "and an answer that comes twice is one")
    }

    // DHT-3.10
    @Test func aHolderLooksBeforeItForgets() throws {
        var driven = Driven { $0.fullView = 0 }
        let entry = Kit.entry(by: peer.nodeID)
        driven.tell(.request(store(entry), from: peer, via: .udp, inSession: true))
        let hint = UnreachableHint(key: .serviceKey("ocr"), provider: peer.nodeID, version: entry.version)
        let request = DHTRequest(exchange: 9, .unreachable(hint))
        let first = driven.tell(.request(request, from: Kit.contact(Kit.id(6)), via: .udp, inSession: true))
        let look = try #require(first.asked.first { $0.contact.nodeID == peer.nodeID })
        #expect(driven.node.records.holds(.serviceKey("ocr"), now: driven.now))
        driven.tell(.answer(Driven.emptyAnswer(look.request), from: peer, via: .udp))
        #expect(driven.node.records.holds(.serviceKey("ocr"), now: driven.now), "it has answered")
        let again = driven.tell(.request(request, from: Kit.contact(Kit.id(6)), via: .udp, inSession: true), after: .seconds(6))
        #expect(again.asked.contains { $0.contact.nodeID == peer.nodeID })
        let start = driven.now
        while driven.node.records.holds(.serviceKey("ocr"), now: driven.now), driven.now - start < .seconds(10) {
            driven.tell(.tick, after: .milliseconds(50))
        }
        #expect(driven.now - start <= .seconds(4))
    }

    // DHT-5.4
    @Test func entriesOfAnotherServiceAndForgedOnesAreIgnored() throws {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce([peer])
        let asked = try #require(driven.tell(.lookup(id: 4, service: "ocr", want: 1)).asked.first)
        let entries = [
            Kit.entry("other", by: Kit.id(7)), Kit.entry(by: Kit.id(8), name: SimulatedVerifier.forged),
            Kit.entry(by: Kit.id(9), withdrawn: true),
        ]
        let answer = FindAnswer(entries: entries.map { HeldEntry(entry: $0, remaining: 1_000) }, total: 3)
        let actions = driven.tell(.answer(DHTAnswer(exchange: asked.request.exchange, .found(answer)), from: peer, via: .udp))
        let found = actions.compactMap { if case .found(4, let found, true) = $0 { found.entries.count } else { nil } }
        #expect(found == [0])
    }

    // DHT-5.5
    @Test func aProbeGoesWhereTheAskerWasSeen() throws {
        var driven = Driven { ($0.fullView, $0.witnesses) = (0, 0) }
        let other = Kit.contact(Kit.id(6))
        driven.introduce([other])
        let asker = Kit.contact(Kit.id(7), host: "192.0.2.1")
        let asked = driven.tell(.request(DHTRequest(exchange: 1, .probe(nil)), from: asker, via: .udp, inSession: true)).asked
        let probe = try #require(asked.first { $0.request.question == .probe(asker.unsigned) })
        #expect(probe.contact.nodeID == other.nodeID)
        var prober = Driven { $0.fullView = 0 }
        let pings = prober.tell(.request(probe.request, from: Kit.contact(Kit.id(3)), via: .udp, inSession: true)).asked
        #expect(pings.contains { $0.contact.endpoints == asker.endpoints })
    }

    // DHT-5.5
    @Test func inASmallMeshWhoIsAskedProbesFromElsewhere() {
        var driven = Driven()
        let asker = Kit.contact(Kit.id(7), host: "192.0.2.1")
        let probe = DHTRequest(exchange: 1, isClient: true, .probe(nil))
        func knocks(_ actions: [DHTAction]) -> [Contact] {
            actions.compactMap { if case .knock(let request, let contact) = $0, request.question == .ping(nil) { contact } else { nil } }
        }
        #expect(knocks(driven.tell(.request(probe, from: asker, via: .udp, inSession: true))) == [asker.unsigned])
        #expect(knocks(driven.tell(.request(probe, from: asker, via: .udp, inSession: false))).isEmpty, "its address is not proven")
        #expect(knocks(driven.tell(.request(probe, from: asker, via: .tcp, inSession: true))).isEmpty, "it came by a link")
    }

    @Test func whoIsReachedFromAnAddressThatItHasNotSentToIsNoClient() {
        var driven = Driven(isClient: true)
        driven.answerAll(driven.tell(.start([peer])))
        let ping = DHTRequest(exchange: 9, .ping(nil))
        driven.tell(.request(ping, from: peer, via: .udp, inSession: true))
        #expect(driven.node.isClient, "its own request had opened that way")
        var elsewhere = peer
        elsewhere.endpoints = peer.endpoints.map { Endpoint(host: $0.host, port: $0.port + 1) }
        driven.tell(.request(ping, from: elsewhere, via: .udp, inSession: false))
        #expect(!driven.node.isClient)
    }

    // DHT-7.3
    @Test func eachMinuteSomebodyIsAskedWhoIsClose() {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce((1...20).map { Kit.contact(Kit.id(UInt64($0) << 58)) })
        var questions = 0
        for _ in 0..<600 {
            let actions = driven.tell(.tick, after: .seconds(1))
            for asked in actions.asked {
                if case .find(let find) = asked.request.question, find.target == driven.node.own.nodeID { questions += 1 }
            }
            driven.answerAll(actions)
        }
        #expect((7...14).contains(questions))
    }

    // DHT-3.5
    @Test func publicationIsToldWhenSixHaveIt() {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce((1...20).map { Kit.contact(Kit.id(UInt64($0) << 58)) })
        var actions = driven.tell(.publish(Kit.entry(by: driven.node.own.nodeID)))
        var confirmed = 0
        var told: Int?
        while !actions.isEmpty, told == nil {
            guard case .ask(let request, let contact, _) = actions.removeFirst() else { continue }
            if case .store(let store) = request.question {
                #expect(store.key == .serviceKey("ocr") && store.entry != nil)
                confirmed += 1
            }
            let more = driven.tell(.answer(Driven.emptyAnswer(request), from: contact, via: .udp))
            for case .published("ocr", let holders) in more { told = holders }
            actions += more
        }
        let isOwn = driven.node.records.count
        #expect(told == 6 && confirmed + isOwn == 6)
    }
}
