import Wire

/// Messages of the DHT, with a sample of each.
extension MessageForm {
    private static var contact: Contact {
        Contact(
            nodeID: Bytes32(Label.bytes("sample node")) ?? Bytes32(), staticKey: Bytes32(Label.bytes("sample static key")) ?? Bytes32(),
            endpoints: [Endpoint(host: "10.0.0.1", port: 7_701), Endpoint(host: "::1", port: 7_701)], sequence: 5,
            signature: Label.bytes("sample signature", 64))
    }

    static func dht() throws -> [MessageForm] {
        let hint = UnreachableHint(
            key: .serviceKey("ocr"), provider: contact.nodeID, version: ProviderEntry.Version(incarnation: 5 << 32, sequence: 2))
        return [
            MessageForm(
                message: "Contact", sample: try contact.encode(),
                fields: [
                    Field(2, "node_id", .bytes32), Field(4, "static_key", .bytes32), Field(6, "endpoints", .endpoints, required: false),
                    Field(8, "sequence", .u64), Field(10, "signature", .fixed(64), required: false),
                ]),
            MessageForm(
                message: "Introduction", sample: try Introduction(contact).encode(),
                fields: [Field(2, "contact", .special, required: false)]),
            MessageForm(
                message: "Pong", sample: try Pong(observed: contact.endpoints[1], contact: contact).encode(),
                fields: [
                    Field(2, "observed", .endpoint), Field(4, "contact", .special, required: false), Field(6, "client", .flag),
                ]),
            MessageForm(
                message: "FindRequest", sample: try FindRequest(target: .serviceKey("ocr"), entries: 2, contacts: 8).encode(),
                fields: [Field(2, "target", .bytes32), Field(4, "entries", .u8), Field(6, "contacts", .u8)]),
            MessageForm(
                message: "UnreachableHint", sample: try hint.encode(),
                fields: [
                    Field(2, "key", .bytes32), Field(4, "provider", .bytes32), Field(6, "incarnation", .u64), Field(8, "sequence", .u64),
                ]),
            MessageForm(
                message: "StoreAnswer", sample: try StoreAnswer(outcome: .full, split: 1).encode(),
                fields: [Field(2, "outcome", .oneOf(1...4)), Field(4, "split", .u8)]),
            MessageForm(
                message: "ViewEntry", sample: try ViewEntry(contact: contact, isGone: true).encode(),
                fields: [Field(2, "contact", .special), Field(4, "gone", .flag)]),
            MessageForm(
                message: "DHTRequest", sample: try DHTRequest(exchange: 70_000, isClient: true, .unreachable(hint)).encode(),
                fields: [Field(2, "exchange", .u32), Field(4, "client", .flag), Field(14, "unreachable", .special)]),
            MessageForm(
                message: "DHTAnswer", sample: try DHTAnswer(exchange: 70_000, .refused(.wrongKey)).encode(),
                fields: [Field(2, "exchange", .u32), Field(16, "refusal", .oneOf(1...5))]),
        ]
    }
}
