import Wire

extension VectorKind {
    /// One side of a link's handshake: what it receives, and what it then sends and knows.
    static let link = VectorKind("link") { (input) throws(VectorFormatError) in
        let role = try input.choice("role", ["initiator": HandshakeRole.initiator, "responder": .responder])
        let side = try LinkSide(&input)
        switch role {
        case .initiator:
            let dial = try LinkDial(&input, side)
            let received = try input.hexes("receive")
            return { try dial.run(side, received) }
        case .responder:
            let tokens = try input.objects("tokens") { (token) throws(VectorFormatError) in
                (id: try token.hex("id", count: 16), secret: try token.secret("secret"))
            }
            let received = try input.hexes("receive")
            return { try side.respond(tokens, received) }
        }
    }
}

/// What both roles have in common.
private struct LinkSide {
    var credentials: NodeCredentials
    var parameters: LinkParameters
    var now: UnixTime
    var ephemeral: SecretBytes
    var offered: [Suite]
    /// Bytes that are no certificate: its error is the vector's.
    var certificateError: WireError?

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        let authority = try input.bytes32("authority")
        let staticKey = try input.staticKey("static")
        ephemeral = try input.secret("ephemeral")
        // A handshake does not use the identity key: any will do.
        let identity = try? IdentityKeyPair(seed: SecretBytes(Label.bytes("unused identity")))
        guard let identity else { throw VectorFormatError(line: input.line, "no Ed25519") }
        credentials = NodeCredentials(identity: identity, staticKey: staticKey, authority: authority)
        if let bytes = try input.optional("certificate", { (i) throws(VectorFormatError) in try i.hex("certificate") }) {
            do { credentials.certificate = try Certificate(decoding: bytes) } catch { certificateError = error }
        }
        parameters = try input.object("parameters", LinkParameters.init(vector:))
        offered = try input.numbers("suites").compactMap(Suite.init(rawValue:))
        now = UnixTime(seconds: try input.u64("now"))
    }

    func respond(_ tokens: [(id: [UInt8], secret: SecretBytes)], _ received: [[UInt8]]) throws -> VectorValue {
        if let certificateError { throw certificateError }
        var link = LinkResponder(credentials: credentials, parameters: parameters, now: now, ephemeral: ephemeral) { id in
            tokens.first { $0.id == id.bytes }?.secret
        }
        link.offered = offered
        var sent: [VectorValue] = []
        for (index, bytes) in received.enumerated() {
            switch try link.receive(bytes) {
            case .needMore: continue
            case .send(let answer): sent.append(.hex(answer))
            case .established(let keys):
                try VectorMismatch.check(index == received.count - 1, "established before the last bytes")
                return LinkSide.describe(sent, keys)
            }
        }
        return ["sent": .array(sent), "established": false]
    }

    static func describe(_ sent: [VectorValue], _ keys: borrowing LinkKeys) -> VectorValue {
        var peer: [VectorValue.Field] = [.init("static", .string(keys.peerStaticKey.hex))]
        if let certificate = keys.certificate { peer.append(.init("node_id", .string(certificate.nodeID.hex))) }
        if let token = keys.tokenID { peer.append(.init("token", .hex(token.bytes))) }
        peer += [.init("expired", .bool(keys.isExpired)), .init("parameters", keys.peerParameters.vector)]
        return [
            "sent": .array(sent), "established": true, "handshake_hash": .string(keys.handshakeHash.hex),
            "initiator_key": .hex(keys.secrets.initiator.exposed), "responder_key": .hex(keys.secrets.responder.exposed),
            "peer": .object(peer), "leftover": .hex(keys.leftover),
        ]
    }
}

/// Whom an initiator dials, and how.
private struct LinkDial {
    var suite: Suite
    var expectation: PeerExpectation

    init(_ input: inout VectorInput, _ side: LinkSide) throws(VectorFormatError) {
        suite = try input.suite()
        expectation = try input.object("expect") { (expect) throws(VectorFormatError) in
            if expect.has("node") { return .node(try expect.bytes32("node")) }
            if expect.has("roles") { return .role(Roles(rawValue: try expect.number("roles"))) }
            let bytes = try expect.hex("token", count: 16)
            let secret = try expect.secret("secret")
            guard let id = TokenID(bytes) else { throw VectorFormatError(line: expect.line, "a token has 16 bytes of id") }
            return .enrolment(JoinToken(id: id, secret: secret, authority: side.credentials.authority, endpoints: []))
        }
    }

    func run(_ side: LinkSide, _ received: [[UInt8]]) throws -> VectorValue {
        if let error = side.certificateError { throw error }
        var link = LinkInitiator(
            credentials: side.credentials, expecting: expectation, suite: suite, parameters: side.parameters, now: side.now,
            ephemeral: side.ephemeral)
        link.offered = side.offered
        var sent: [VectorValue] = [.hex(try link.start())]
        for (index, bytes) in received.enumerated() {
            switch try link.receive(bytes) {
            case .needMore: continue
            case .established(let reply, let keys):
                try VectorMismatch.check(index == received.count - 1, "established before the last bytes")
                sent.append(.hex(reply))
                return LinkSide.describe(sent, keys)
            }
        }
        return ["sent": .array(sent), "established": false]
    }
}

extension LinkParameters {
    init(vector input: inout VectorInput) throws(VectorFormatError) {
        self.init(
            bootEpoch: try input.u64("boot_epoch"), streamWindow: try input.u64("stream_window"), linkWindow: try input.u64("link_window"),
            maxStreams: try input.number("max_streams"), features: Features(rawValue: try input.number("features")))
    }

    var vector: VectorValue {
        [
            "boot_epoch": .u64(bootEpoch), "stream_window": .u64(streamWindow), "link_window": .u64(linkWindow),
            "max_streams": .number(maxStreams), "features": .number(features.rawValue),
        ]
    }
}

extension VectorInput {
    /// An array of numbers of one byte.
    mutating func numbers(_ name: String) throws(VectorFormatError) -> [UInt8] {
        let value = try value(name)
        let numbers = value.elements.compactMap { if case .int(let number) = $0 { UInt8(exactly: number) } else { nil } }
        guard case .array(let elements) = value, numbers.count == elements.count else {
            throw VectorFormatError(line: line, "\"\(name)\" must be an array of numbers from 0 to 255")
        }
        return numbers
    }
}
