import Wire

extension VectorKind {
    /// One message of the registry, or a sequence of them.
    static let message = VectorKind("message") { (input) throws(VectorFormatError) in
        let name = try input.text("message")
        let bytes = try input.hex("bytes")
        guard let read = MessageReaders.all[name] else {
            throw VectorFormatError(line: input.line, "unknown message \"\(name)\"")
        }
        return { try read(bytes) }
    }

    /// A body that comes in pieces, cut into messages.
    static let sequence = VectorKind("sequence") { (input) throws(VectorFormatError) in
        let limit: Int = try input.number("limit")
        let pieces = try input.hexes("pieces")
        return {
            var reader = Wire.MessageReader(limit: limit)
            var messages: [VectorValue] = []
            for piece in pieces {
                reader.append(piece)
                while let message = try reader.next() { messages.append(.hex(message)) }
            }
            return ["messages": .array(messages), "at_boundary": .bool(reader.isAtBoundary)]
        }
    }
}

/// A message that a vector can show.
protocol VectorMessage: WireMessage {
    var vector: VectorValue { get }
}

enum MessageReaders {
    static let all: [String: @Sendable ([UInt8]) throws -> VectorValue] = [
        "EnrolRequest": reader(EnrolRequest.self), "EnrolAnswer": reader(EnrolAnswer.self), "RenewRequest": reader(RenewRequest.self),
        "Registration": reader(Registration.self), "RegistrationAccepted": reader(RegistrationAccepted.self),
        "ServiceRecord": reader(ServiceRecord.self), "ServiceLoad": reader(ServiceLoad.self), "LoadUpdate": reader(LoadUpdate.self),
        "ServiceSummary": reader(ServiceSummary.self), "ServiceList": reader(ServiceList.self),
        "DiscoverRequest": reader(DiscoverRequest.self), "DiscoverAnswer": reader(DiscoverAnswer.self),
        "ResolveRequest": reader(ResolveRequest.self), "WorkerRecord": reader(WorkerRecord.self),
        "WatchRequest": reader(WatchRequest.self), "WatchEvent": reader(WatchEvent.self), "Notice": reader(Notice.self),
        "RelayRecord": reader(RelayRecord.self), "CircuitRequest": reader(CircuitRequest.self),
        "Contact": reader(Contact.self), "Introduction": reader(Introduction.self), "Pong": reader(Pong.self),
        "FindRequest": reader(FindRequest.self), "UnreachableHint": reader(UnreachableHint.self),
        "StoreAnswer": reader(StoreAnswer.self), "ViewEntry": reader(ViewEntry.self), "DHTRequest": reader(DHTRequest.self),
        "DHTAnswer": reader(DHTAnswer.self),
    ]

    private static func reader<M: VectorMessage>(_: M.Type) -> @Sendable ([UInt8]) throws -> VectorValue {
        { bytes in
            let message = try M(bytes)
            return ["value": message.vector, "encoded": .hex(try message.encode())]
        }
    }
}

/// Collects the fields of a message in order; what is absent is left out.
struct VectorFields {
    private(set) var fields: [VectorValue.Field] = []

    mutating func put(_ name: String, _ value: VectorValue) { fields.append(.init(name, value)) }
    mutating func put(_ name: String, _ value: String?) { if let value { put(name, .string(value)) } }
    mutating func put(_ name: String, _ value: some BinaryInteger) { put(name, .number(value)) }
    mutating func put(_ name: String, list: [VectorValue]) { if !list.isEmpty { put(name, .array(list)) } }
    mutating func put(_ name: String, _ endpoints: [Endpoint]) { put(name, list: endpoints.map { .string($0.description) }) }

    static func object(_ body: (inout VectorFields) -> Void) -> VectorValue {
        var fields = VectorFields()
        body(&fields)
        return .object(fields.fields)
    }
}
