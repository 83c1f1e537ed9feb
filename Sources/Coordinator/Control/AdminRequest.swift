import Wire

/// What a command asks of the coordinator over the control socket.
enum AdminRequest: Sendable, Hashable {
    case createToken(TokenRequest)
    case listTokens
    case revokeToken(String)
    case revoke(worker: String, releaseName: Bool)
    case drain(worker: String)
}

/// What comes back.
enum AdminAnswer: Sendable, Hashable {
    case done
    case token(String)
    case tokens([TokenView])
    case failed(CoordinatorError)
}

extension AdminRequest: WireMessage {
    private enum Kind: UInt8 {
        case createToken = 1
        case listTokens, revokeToken, revoke, drain
    }

    private enum Field {
        static let kind: UInt16 = 2
        static let name: UInt16 = 4
        static let life: UInt16 = 6
        static let uses: UInt16 = 8
        static let addresses: UInt16 = 10
        static let releaseName: UInt16 = 12
    }

    func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        switch self {
        case .createToken(let request):
            writer.put(Field.kind, Kind.createToken.rawValue)
            writer.put(Field.name, request.name)
            writer.put(Field.life, request.life)
            writer.put(Field.uses, request.uses)
            writer.put(Field.addresses, list: request.addresses.map { Array($0.description.utf8) })
        case .listTokens: writer.put(Field.kind, Kind.listTokens.rawValue)
        case .revokeToken(let id):
            writer.put(Field.kind, Kind.revokeToken.rawValue)
            writer.put(Field.name, id)
        case .revoke(let worker, let releaseName):
            writer.put(Field.kind, Kind.revoke.rawValue)
            writer.put(Field.name, worker)
            writer.put(Field.releaseName, UInt8(releaseName ? 1 : 0))
        case .drain(let worker):
            writer.put(Field.kind, Kind.drain.rawValue)
            writer.put(Field.name, worker)
        }
        return try writer.finish()
    }

    init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var kind: Kind?
        var name = ""
        var request = TokenRequest()
        var releaseName = false
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.kind: kind = Kind(rawValue: try bytes.integer(UInt8.self, field))
            case Field.name: name = try bytes.text(field, limit: Limits.reason)
            case Field.life: request.life = try bytes.integer(UInt64.self, field)
            case Field.uses: request.uses = try bytes.integer(UInt32.self, field)
            case Field.addresses: request.addresses = try Self.addresses(bytes, field)
            case Field.releaseName: releaseName = try bytes.integer(UInt8.self, field) != 0
            default: try field.skipOrRefuse()
            }
        }
        request.name = name
        switch kind {
        case .createToken: self = .createToken(request)
        case .listTokens: self = .listTokens
        case .revokeToken: self = .revokeToken(name)
        case .revoke: self = .revoke(worker: name, releaseName: releaseName)
        case .drain: self = .drain(worker: name)
        case nil: throw .missing(Field.kind)
        }
    }

    private static func addresses(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [Endpoint] {
        var list = TLVList(field, limit: Limits.endpoints)
        var endpoints: [Endpoint] = []
        while let range = try list.next(in: bytes) {
            guard let endpoint = Endpoint(String(decoding: bytes.extracting(range).array, as: UTF8.self)) else {
                throw .badValue(field.type)
            }
            endpoints.append(endpoint)
        }
        return endpoints
    }
}

/// A sequence: a message that says what it is, then one message per token.
extension AdminAnswer: WireMessage {
    private enum Kind: UInt8 {
        case done = 1
        case token, tokens
        case configuration, dataFolder, diskFull, clock, addressInUse, notFound, conflict, failed
    }

    private enum Field {
        static let kind: UInt16 = 2
        static let text: UInt16 = 4
    }

    func encode() throws(WireError) -> [UInt8] {
        let (kind, text): (Kind, String) =
            switch self {
            case .done: (.done, "")
            case .token(let text): (.token, text)
            case .tokens: (.tokens, "")
            case .failed(let error): (Self.kind(error), error.description)
            }
        var writer = TLVWriter()
        writer.put(Field.kind, kind.rawValue)
        writer.put(Field.text, text)
        var bytes = try MessageSequence.framed(try writer.finish())
        if case .tokens(let tokens) = self {
            for token in tokens { try MessageSequence.append(try token.encode(), to: &bytes) }
        }
        return bytes
    }

    init(decoding bytes: RawSpan) throws(WireError) {
        var reader = MessageReader()
        reader.append(bytes.array)
        guard let first = try reader.next() else { throw .truncated }
        let (kind, text) = try first.decode(Self.head)
        var tokens: [TokenView] = []
        while let message = try reader.next() { tokens.append(try TokenView(message)) }
        guard reader.isAtBoundary else { throw .truncated }
        switch kind {
        case .done: self = .done
        case .token: self = .token(text)
        case .tokens: self = .tokens(tokens)
        case .configuration: self = .failed(.configuration(text))
        case .dataFolder: self = .failed(.dataFolder(text))
        case .diskFull: self = .failed(.diskFull(text))
        case .clock: self = .failed(.clock(text))
        case .addressInUse: self = .failed(.addressInUse(text))
        case .notFound: self = .failed(.notFound(text))
        case .conflict: self = .failed(.conflict(text))
        case .failed: self = .failed(.failed(text))
        }
    }

    private static func head(_ bytes: RawSpan) throws(WireError) -> (Kind, String) {
        var cursor = TLVCursor()
        var kind: Kind?
        var text = ""
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.kind: kind = Kind(rawValue: try bytes.integer(UInt8.self, field))
            case Field.text: text = try bytes.text(field, limit: Limits.message)
            default: try field.skipOrRefuse()
            }
        }
        guard let kind else { throw .missing(Field.kind) }
        return (kind, text)
    }

    private static func kind(_ error: CoordinatorError) -> Kind {
        switch error {
        case .configuration: .configuration
        case .dataFolder: .dataFolder
        case .diskFull: .diskFull
        case .clock: .clock
        case .addressInUse: .addressInUse
        case .notFound: .notFound
        case .conflict: .conflict
        case .failed: .failed
        }
    }
}
