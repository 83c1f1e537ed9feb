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

    /// Datagrams of one direction of a session.
    static let datagramSeal = VectorKind("datagram-seal") { (input) throws(VectorFormatError) in
        let key = try input.secret("key")
        let receiver: UInt32 = try input.number("receiver")
        let counter = try input.u64("counter")
        let plaintexts = try input.hexes("plaintexts")
        return {
            var session = try DatagramSession(index: 0, peerIndex: receiver, sendKey: key, receiveKey: key, counter: counter)
            var datagrams: [VectorValue] = []
            for plaintext in plaintexts { datagrams.append(.hex(try session.seal(plaintext))) }
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
                    results.append(["plaintext": .hex(try session.open(datagram))])
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

    static func describe(_ sent: [UInt8], _ keys: borrowing DatagramKeys, peer: [VectorValue.Field] = []) -> VectorValue {
        [
            "sent": .hex(sent), "established": true, "handshake_hash": .string(keys.handshakeHash.hex),
            "initiator_key": .hex(keys.initiatorKey.exposed), "responder_key": .hex(keys.responderKey.exposed),
            "peer": .object([.init("index", .number(keys.peerIndex)), .init("static", .string(keys.peerStaticKey.hex))] + peer),
        ]
    }
}

private struct DatagramDial {
    var side: DatagramSide
    var responder: StaticKey
    var order: DatagramOrder
    var received: [[UInt8]]

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        side = try DatagramSide(&input)
        responder = try input.bytes32("responder")
        order = try input.object("order", DatagramOrder.init(vector:))
        received = try input.hexes("receive")
    }

    /// Tries each datagram in turn; one that is refused changes nothing, and the last one decides.
    func run() throws -> VectorValue {
        var initiator = try DatagramInitiator(
            credentials: side.credentials, responder: responder, index: side.index, order: order, ephemeral: side.ephemeral)
        let sent = initiator.initiation
        for (position, datagram) in received.enumerated() {
            do throws(WireError) {
                let keys = try initiator.receive(datagram)
                return DatagramSide.describe(sent, keys)
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
    var received: [UInt8]

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        side = try DatagramSide(&input)
        now = UnixTime(seconds: try input.u64("now"))
        last = try input.optional("last") { (i) throws(VectorFormatError) in try i.object("last", DatagramOrder.init(vector:)) }
        received = try input.hex("receive")
    }

    func run() throws -> VectorValue {
        let answer = try DatagramResponder.answer(
            received, credentials: side.credentials, index: side.index, now: now, ephemeral: side.ephemeral, last: { _ in last })
        return DatagramSide.describe(
            answer.response, answer.keys,
            peer: [.init("node_id", .string(answer.certificate.nodeID.hex)), .init("order", answer.order.vector)])
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
