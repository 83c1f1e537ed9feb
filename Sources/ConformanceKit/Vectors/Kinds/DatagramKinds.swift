import Wire

extension VectorKind {
    /// The sixteen bytes before a datagram.
    static let datagramHeader = VectorKind("datagram-header") { (input) throws(VectorFormatError) in
        let bytes = try input.hex("datagram")
        return {
            let header = try bytes.decode(DatagramHeader.init(decoding:))
            return ["type": .number(header.kind.rawValue), "receiver": .number(header.receiver), "counter": .u64(header.counter)]
        }
    }

    /// One side of a handshake by datagrams.
    static let datagramHandshake = VectorKind("datagram-handshake") { (input) throws(VectorFormatError) in
        switch try input.choice("role", ["initiator": HandshakeRole.initiator, "responder": .responder]) {
        case .initiator:
            let initiation = try DatagramDial(&input)
            return { try initiation.run() }
        case .responder:
            let acceptance = try DatagramAcceptance(&input)
            return { try acceptance.run() }
        }
    }

    /// The answer to an initiation that carries a cookie.
    static let datagramCookieSeal = VectorKind("datagram-cookie-seal") { (input) throws(VectorFormatError) in
        let responder = try input.bytes32("responder")
        let initiation = try input.hex("initiation")
        let cookie = SecretBytes(try input.hex("cookie"))
        let salt = try input.hex("salt")
        return {
            ["datagram": .hex(try DatagramCookie.seal(cookie, for: initiation, salt: salt, responder: responder))]
        }
    }

    /// The initiator's side of it: the initiation with mac2.
    static let datagramCookieOpen = VectorKind("datagram-cookie-open") { (input) throws(VectorFormatError) in
        let responder = try input.bytes32("responder")
        let initiation = try input.hex("initiation")
        let index: UInt32 = try input.number("index")
        let datagram = try input.hex("receive")
        return {
            let cookie = try DatagramCookie.open(datagram, for: initiation, index: index, responder: responder)
            return ["cookie": .hex(cookie.exposed), "sent": .hex(DatagramCookie.apply(cookie, to: initiation))]
        }
    }

    /// Datagrams of one direction of a session.
    static let datagramSeal = VectorKind("datagram-seal") { (input) throws(VectorFormatError) in
        let key = try input.secret("key")
        let kind = try input.choice("type", ["session": DatagramHeader.Kind.session, "challenge": .challenge, "echo": .echo])
        let receiver: UInt32 = try input.number("receiver")
        let counter = try input.u64("counter")
        let plaintexts = try input.hexes("plaintexts")
        return {
            var session = try DatagramSession(index: 0, peerIndex: receiver, sendKey: key, receiveKey: key, counter: counter)
            var datagrams: [VectorValue] = []
            for plaintext in plaintexts { datagrams.append(.hex(try session.seal(plaintext, as: kind))) }
            return ["datagrams": .array(datagrams)]
        }
    }

    /// Datagrams of one direction as they arrive. One that fails changes nothing; the last one decides.
    static let datagramOpen = VectorKind("datagram-open") { (input) throws(VectorFormatError) in
        let key = try input.secret("key")
        let index: UInt32 = try input.number("index")
        let datagrams = try input.hexes("datagrams")
        return {
            var session = try DatagramSession(index: index, peerIndex: 0, sendKey: key, receiveKey: key)
            var results: [VectorValue] = []
            for (position, datagram) in datagrams.enumerated() {
                do throws(WireError) {
                    let (kind, plaintext) = try session.open(datagram)
                    results.append(["type": .number(kind.rawValue), "plaintext": .hex(plaintext)])
                } catch {
                    guard position < datagrams.count - 1, let name = VectorError.name(of: error) else { throw error }
                    results.append(["error": .string(name)])
                }
            }
            return ["results": .array(results)]
        }
    }

    /// Counters as genuine datagrams bring them. The last one decides.
    static let replayWindow = VectorKind("replay-window") { (input) throws(VectorFormatError) in
        let counters = try input.u64s("counters")
        return {
            var window = ReplayWindow()
            var accepted: [VectorValue] = []
            for (position, counter) in counters.enumerated() {
                do throws(WireError) {
                    try window.check(counter)
                    window.note(counter)
                    accepted.append(true)
                } catch {
                    guard position < counters.count - 1 else { throw error }
                    accepted.append(false)
                }
            }
            return ["accepted": .array(accepted)]
        }
    }
}

/// What both roles have in common.
private struct DatagramSide {
    var credentials: NodeCredentials
    var index: UInt32
    var ephemeral: SecretBytes

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        let authority = try input.bytes32("authority")
        let staticKey = try input.staticKey("static")
        ephemeral = try input.secret("ephemeral")
        index = try input.number("index")
        let certificate = try input.optional("certificate") { (i) throws(VectorFormatError) in try i.hex("certificate") }
        guard let identity = try? IdentityKeyPair(seed: SecretBytes(Label.bytes("unused identity"))) else {
            throw VectorFormatError(line: input.line, "no Ed25519")
        }
        credentials = NodeCredentials(identity: identity, staticKey: staticKey, authority: authority)
        if let certificate { credentials.certificate = try? Certificate(decoding: certificate) }
    }

    static func describe(_ sent: [UInt8], _ keys: borrowing DatagramKeys, peer: [VectorValue.Field], _ heard: [VectorValue.Field])
        -> VectorValue
    {
        let fields: [VectorValue.Field] = [
            .init("sent", .hex(sent)), .init("established", true), .init("handshake_hash", .string(keys.handshakeHash.hex)),
            .init("initiator_key", .hex(keys.initiatorKey.exposed)), .init("responder_key", .hex(keys.responderKey.exposed)),
            .init("peer", .object([.init("index", .number(keys.peerIndex)), .init("static", .string(keys.peerStaticKey.hex))] + peer)),
        ]
        return .object(fields + heard)
    }

    /// The field `name`, if there is a value.
    static func optional(_ name: String, _ bytes: [UInt8]?) -> [VectorValue.Field] { bytes.map { [.init(name, .hex($0))] } ?? [] }
}

private struct DatagramDial {
    var side: DatagramSide
    var responder: StaticKey
    var order: DatagramOrder
    var request: [UInt8]?
    var now: UnixTime
    var received: [[UInt8]]

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        side = try DatagramSide(&input)
        responder = try input.bytes32("responder")
        order = try input.object("order", DatagramOrder.init(vector:))
        request = try input.optional("request") { (i) throws(VectorFormatError) in try i.hex("request") }
        now = UnixTime(seconds: try input.u64("now"))
        received = try input.hexes("receive")
    }

    /// Tries each datagram in turn; one that is refused changes nothing, and the last one decides.
    func run() throws -> VectorValue {
        var initiator = try DatagramInitiator(
            credentials: side.credentials, responder: responder, index: side.index, order: order, ephemeral: side.ephemeral,
            request: request)
        let sent = initiator.initiation
        for (position, datagram) in received.enumerated() {
            do throws(WireError) {
                let answer = try initiator.receive(datagram)
                let certificate = answer.welcome.certificate
                try certificate.check(credentials: side.credentials, staticKey: responder, now: now)
                return DatagramSide.describe(
                    sent, answer.keys, peer: [.init("node_id", .string(certificate.nodeID.hex))],
                    DatagramSide.optional("answer", answer.welcome.answer))
            } catch {
                guard position < received.count - 1 else { throw error }
            }
        }
        return ["sent": .hex(sent), "established": false]
    }
}

private struct DatagramAcceptance {
    var side: DatagramSide
    var now: UnixTime
    var last: DatagramOrder?
    var answer: [UInt8]?
    var received: [UInt8]

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        side = try DatagramSide(&input)
        now = UnixTime(seconds: try input.u64("now"))
        last = try input.optional("last") { (i) throws(VectorFormatError) in try i.object("last", DatagramOrder.init(vector:)) }
        answer = try input.optional("answer") { (i) throws(VectorFormatError) in try i.hex("answer") }
        received = try input.hex("receive")
    }

    func run() throws -> VectorValue {
        _ = try DatagramResponder.filter(received, meshID: side.credentials.meshID)
        let responder = try DatagramResponder(
            received, credentials: side.credentials, now: now, ephemeral: side.ephemeral, last: { _ in last })
        let hello = responder.hello
        let response = try responder.finish(index: side.index, answer: answer)
        return DatagramSide.describe(
            response.datagram, response.keys,
            peer: [.init("node_id", .string(hello.certificate.nodeID.hex)), .init("order", hello.order.vector)],
            DatagramSide.optional("request", hello.request))
    }
}

extension DatagramOrder {
    fileprivate init(vector input: inout VectorInput) throws(VectorFormatError) {
        self.init(bootEpoch: try input.u64("boot_epoch"), counter: try input.u64("counter"))
    }

    var vector: VectorValue { ["boot_epoch": .u64(bootEpoch), "counter": .u64(counter)] }
}

extension VectorInput {
    /// An array of decimal strings.
    mutating func u64s(_ name: String) throws(VectorFormatError) -> [UInt64] {
        let texts = try texts(name)
        let numbers = texts.compactMap { text in UInt64(text).flatMap { String($0) == text ? $0 : nil } }
        guard numbers.count == texts.count else {
            throw VectorFormatError(line: line, "\"\(name)\" must be an array of decimal strings")
        }
        return numbers
    }
}
