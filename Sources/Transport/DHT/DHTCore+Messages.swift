import DHT
import NIOCore
import NIOPosix
import Wire

// What the machine's requests and answers look like on the way: in datagrams, and in calls over links.

extension DHTCore {
    // MARK: Asking

    func askByDatagram(_ request: DHTRequest, _ contact: Contact) {
        guard let bytes = try? request.encode(), !contact.endpoints.isEmpty else {
            return fail(request.exchange, .noRoute)
        }
        let sends = sent[request.exchange]?.sends ?? 0
        sent[request.exchange] = Sent(contact: contact, address: nil, sends: sends + 1, at: .now())
        // A repetition tries the contact's next address.
        let endpoint = contact.endpoints[sends % contact.endpoints.count]
        if let address = DatagramAddress(endpoint) { return send(request, bytes, contact, address) }
        resolve(endpoint, for: request, bytes, contact)
    }

    private func send(_ request: DHTRequest, _ bytes: [UInt8], _ contact: Contact, _ address: DatagramAddress) {
        guard let sends = sent[request.exchange]?.sends else { return }
        sent[request.exchange]?.address = address
        let target = DatagramTarget(staticKey: contact.staticKey, nodeID: contact.nodeID, address: address)
        let way: DatagramMachine.Way =
            switch request.question {
            case .store, .probe: .inSession
            default: .any
            }
        byDatagram += 1
        datagrams.send(bytes, to: target, ticket: UInt64(request.exchange), way: way, isRepeated: sends > 1)
    }

    func knock(_ request: DHTRequest, _ contact: Contact) {
        guard let bytes = try? request.encode(), let address = contact.endpoints.first.flatMap({ DatagramAddress($0) }) else { return }
        datagrams.knock(bytes, at: DatagramTarget(staticKey: contact.staticKey, nodeID: contact.nodeID, address: address))
    }

    /// A host's name is looked up for each request anew: what it stands for may have moved.
    private func resolve(_ endpoint: Endpoint, for request: DHTRequest, _ bytes: [UInt8], _ contact: Contact) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        NIOSingletons.posixBlockingThreadPool
            .runIfActive(eventLoop: loop) { try SocketAddress.makeAddressResolvingHost(endpoint.host, port: Int(endpoint.port)) }
            .whenComplete { result in
                let core = bound.value
                if let address = (try? result.get()).flatMap({ DatagramAddress($0) }) {
                    core.send(request, bytes, contact, address)
                    core.datagrams.flush()
                } else {
                    core.fail(request.exchange, .noRoute)
                }
            }
    }

    /// Tells the machine behind whatever it is doing now.
    private func fail(_ exchange: UInt32, _ failure: DHTFailure) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            bound.value.sent[exchange] = nil
            bound.value.handle(.failed(exchange: exchange, failure))
        }
    }

    func askByLink(_ request: DHTRequest, _ contact: Contact) {
        guard let links, let bytes = try? request.encode() else {
            if sent[request.exchange] == nil { fail(request.exchange, .noAnswer) }
            return
        }
        overLinks += 1
        var head = Head()
        head.method = MeshMethod.dht
        // Who passes links on to this node does so for others of the mesh: the way to a node that nobody can dial.
        let ways = relays.filter { $0.nodeID != contact.nodeID }
        let caller = links.caller(to: LinkTarget(.node(contact.nodeID), endpoints: contact.endpoints, relays: ways))
        let bound = NIOLoopBound(self, eventLoop: loop)
        caller.unary(head, body: ByteBuffer(bytes: bytes), limit: Limits.dhtMessage, timeout: Limits.answerTimeoutMaximum, on: loop) {
            result in
            bound.value.answeredByLink(result, request, contact)
        }
    }

    private func answeredByLink(_ result: Result<(head: Head, body: ByteBuffer), CallError>, _ request: DHTRequest, _ contact: Contact) {
        if case .success(let answer) = result, let answer = try? DHTAnswer([UInt8](answer.body.readableBytesView)) {
            sent[request.exchange] = nil
            handle(.answer(answer, from: contact, via: .tcp))
        } else if sent[request.exchange] == nil {
            // One that goes by datagram as well has another chance.
            handle(.failed(exchange: request.exchange, .noAnswer))
        }
    }

    // MARK: Answering

    func respond(_ answer: DHTAnswer, _ contact: Contact, _ path: DHTPath) {
        let asked = Asked(node: contact.nodeID, exchange: answer.exchange)
        switch path {
        case .tcp: linkReplies.removeValue(forKey: asked)?(answer)
        case .udp:
            guard let reply = replies.removeValue(forKey: asked) else { return }
            let room = if case .handshake = reply { datagrams.answerRoom } else { DatagramSession.room }
            if let bytes = try? answer.encoded(within: room) { datagrams.respond(to: reply, with: bytes) }
        }
    }

    func answer(_ request: [UInt8], from peer: PeerInfo, done: @escaping ([UInt8]?) -> Void) {
        guard let request = try? DHTRequest(request, limit: Limits.dhtMessage), let nodeID = peer.nodeID else { return done(nil) }
        if let certificate = peer.certificate { verifier.learn(certificate) }
        let contact = Contact(nodeID: nodeID, staticKey: peer.staticKey, endpoints: [peer.address])
        let asked = Asked(node: nodeID, exchange: request.exchange)
        linkReplies[asked] = { done(try? $0.encode()) }
        handle(.request(request, from: contact, via: .tcp, inSession: true))
        // The machine answers at once, or not at all.
        if linkReplies.removeValue(forKey: asked) != nil { done(nil) }
    }
}

extension DHTCore: DatagramOwner {
    func received(_ message: DatagramMessage, _ text: RawSpan) {
        verifier.learn(message.peer.certificate)
        let contact = Contact(nodeID: message.peer.nodeID, staticKey: message.peer.staticKey, endpoints: [message.source.endpoint])
        if message.ticket == nil, let request = try? DHTRequest(decoding: text) {
            let asked = Asked(node: contact.nodeID, exchange: request.exchange)
            replies[asked] = message.reply
            handle(.request(request, from: contact, via: .udp, inSession: message.isInSession && message.isProven))
            replies[asked] = nil
        } else if let answer = try? DHTAnswer(decoding: text) {
            sent[answer.exchange] = nil
            handle(.answer(answer, from: contact, via: .udp))
        }
    }

    func happened(_ event: DatagramEvent) {
        switch event {
        case .failed(let ticket, let failure):
            let exchange = UInt32(truncatingIfNeeded: ticket)
            sent[exchange] = nil
            handle(.failed(exchange: exchange, DHTFailure(failure)))
        case .unreachable(let address, let failure):
            for exchange in sent.filter({ $0.value.address == address }).keys.sorted() {
                sent[exchange] = nil
                handle(.failed(exchange: exchange, DHTFailure(failure)))
            }
        case .proven: break
        }
    }
}

extension DHTFailure {
    init(_ failure: DatagramFailure) {
        switch failure {
        case .refused: self = .refused
        case .authentication: self = .authentication
        case .tooBig: self = .tooBig
        case .noAnswer: self = .noAnswer
        case .noRoute: self = .noRoute
        case .withheld: self = .withheld
        }
    }
}

extension DHTAnswer {
    /// The encoding in at most `room` bytes: contacts are left out, the farthest first, until it fits.
    func encoded(within room: Int) throws(WireError) -> [UInt8] {
        var answer = self
        while true {
            let bytes = try answer.encode()
            if bytes.count <= room { return bytes }
            guard case .found(var found) = answer.reply, !found.contacts.isEmpty || !found.entries.isEmpty else { throw .oversized }
            if found.contacts.isEmpty { found.entries.removeLast() } else { found.contacts.removeLast() }
            answer.reply = .found(found)
        }
    }
}
