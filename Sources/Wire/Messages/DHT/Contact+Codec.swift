/// Where a node of the DHT is said to be: a hint, until a handshake with that key at that address has shown that id.
public struct Contact: Hashable, Sendable {
    public var nodeID: NodeID
    public var staticKey: StaticKey
    /// Best first. Empty for a node that nobody can dial.
    public var endpoints: [Endpoint]
    /// Of what the node says of itself: a greater one replaces a smaller one.
    public var sequence: UInt64
    /// By the node's identity key, over `signedBytes` for `Domain.contact`; empty in answers to FIND, which need none.
    public var signature: [UInt8]

    public init(nodeID: NodeID, staticKey: StaticKey, endpoints: [Endpoint], sequence: UInt64 = 0, signature: [UInt8] = []) {
        self.nodeID = nodeID
        self.staticKey = staticKey
        self.endpoints = endpoints
        self.sequence = sequence
        self.signature = signature
    }

    /// What is signed besides the domain: both ids, the sequence, and the endpoints as their field has them.
    public func signedBytes() throws(WireError) -> [UInt8] {  // DHT-2.2
        var bytes = nodeID.bytes + staticKey.bytes
        bytes.appendInteger(sequence)
        try checkEndpoints(Field.endpoints, endpoints)
        for endpoint in endpoints {
            let text = [UInt8](endpoint.description.utf8)
            bytes.appendInteger(UInt16(truncatingIfNeeded: text.count))
            bytes += text
        }
        return bytes
    }

    /// The same contact, signed by the node that it is about.
    public func signed(by identity: IdentityKeyPair) throws(WireError) -> Contact {
        var contact = self
        contact.signature = identity.sign(.contact, try signedBytes())
        return contact
    }

    /// Whether the owner of `identityKey` has signed it.
    public func isSigned(by identityKey: IdentityKey) -> Bool {
        guard let bytes = try? signedBytes() else { return false }
        return identityKey.verifies(signature, .contact, bytes)
    }

    /// The same contact without its signature, as answers to FIND carry it.
    public var unsigned: Contact {
        var contact = self
        contact.signature = []
        return contact
    }
}

extension Contact: WireMessage {
    private enum Field {
        static let nodeID: UInt16 = 2
        static let staticKey: UInt16 = 4
        static let endpoints: UInt16 = 6
        static let sequence: UInt16 = 8
        static let signature: UInt16 = 10
    }

    /// Bytes of an Ed25519 signature.
    private static let signatureSize = 64

    public func encode() throws(WireError) -> [UInt8] {
        try checkEndpoints(Field.endpoints, endpoints)
        guard signature.isEmpty || signature.count == Self.signatureSize else { throw .badLength(Field.signature) }
        var writer = TLVWriter()
        writer.put(Field.nodeID, nodeID)
        writer.put(Field.staticKey, staticKey)
        writer.put(Field.endpoints, endpoints: endpoints)
        writer.put(Field.sequence, sequence)
        if !signature.isEmpty { writer.put(Field.signature, bytes: signature) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var nodeID: NodeID?
        var staticKey: StaticKey?
        var endpoints: [Endpoint] = []
        var sequence: UInt64?
        var signature: [UInt8] = []
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.nodeID: nodeID = try bytes.bytes32(field)
            case Field.staticKey: staticKey = try bytes.bytes32(field)
            case Field.endpoints: endpoints = try bytes.endpoints(field)
            case Field.sequence: sequence = try bytes.integer(UInt64.self, field)
            case Field.signature: signature = try bytes.array(field, exactly: Self.signatureSize)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            nodeID: try required(Field.nodeID, nodeID), staticKey: try required(Field.staticKey, staticKey), endpoints: endpoints,
            sequence: try required(Field.sequence, sequence), signature: signature)
    }
}

/// Contacts in a field: a list whose elements are messages.
enum Contacts {
    static func encode(_ contacts: [Contact]) throws(WireError) -> [[UInt8]] {
        try checkCount(contacts.count, limit: Limits.dhtContacts)
        var elements: [[UInt8]] = []
        for contact in contacts { elements.append(try contact.encode()) }
        return elements
    }

    static func decode(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [Contact] {
        var contacts: [Contact] = []
        var list = try bytes.nonEmptyList(field, limit: Limits.dhtContacts)
        while let range = try list.next(in: bytes) { contacts.append(try bytes.nested(Contact.self, range)) }
        return contacts
    }
}
