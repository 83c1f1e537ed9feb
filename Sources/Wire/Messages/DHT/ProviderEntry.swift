/// What a provider of a service says of itself, and nobody else can: one entry for each provider and service, signed.
///
/// Holders and finders keep and pass on the bytes as they came. Of two entries of one provider for one service the one with the
/// greater (incarnation, sequence) holds, so that no order of arrival matters.
public struct ProviderEntry: Sendable {
    /// What the provider chooses to say.
    public struct Offer: Hashable, Sendable {
        public var service: String
        /// The boot epoch of the provider's run.
        public var incarnation: UInt64
        /// Increases with each entry of this run for this service.
        public var sequence: UInt64
        /// Where to dial the provider, best first; empty for one that only a relay reaches.
        public var endpoints: [Endpoint] = []
        /// How long a holder keeps it from when it has it, in milliseconds.
        public var lifetime: UInt32 = Limits.entryLifetime.wholeMilliseconds
        /// A tombstone: the provider offers the service no more.
        public var isWithdrawn = false
        public var region: String?
        public var zone: String?
        /// Few and short: the whole entry has a limit.
        public var capabilities: [String: CapabilityValue] = [:]
        /// Who passes links on to the provider, for finders that cannot dial it.
        public var relays: [RelayRecord] = []

        public init(service: String, incarnation: UInt64, sequence: UInt64) {
            self.service = service
            self.incarnation = incarnation
            self.sequence = sequence
        }

        /// Which of two offers of one provider holds.
        public var version: Version { Version(incarnation: incarnation, sequence: sequence) }
    }

    /// The run of a provider, and how many entries it has made in it. Strictly increases.
    public struct Version: Hashable, Comparable, Sendable {
        public var incarnation, sequence: UInt64

        public init(incarnation: UInt64, sequence: UInt64) {
            self.incarnation = incarnation
            self.sequence = sequence
        }

        public static func < (a: Version, b: Version) -> Bool { (a.incarnation, a.sequence) < (b.incarnation, b.sequence) }
    }

    /// Shared, so that an entry in eight tables is one entry, and a copy costs one reference.
    private final class Content: Sendable {
        let offer: Offer
        let provider: Contact
        let name: String
        let certificate: Certificate?
        let encoded: [UInt8]
        let size: Int

        init(_ offer: Offer, provider: Contact, name: String, certificate: Certificate?, encoded: [UInt8], size: Int) {
            self.size = size
            self.offer = offer
            self.provider = provider
            self.name = name
            self.certificate = certificate
            self.encoded = encoded
        }
    }

    private let content: Content

    /// What the provider says.
    public var offer: Offer { content.offer }
    /// The provider as a contact: id and key of its certificate, the endpoints of its offer.
    public var provider: Contact { content.provider }
    /// The provider's certified name.
    public var name: String { content.name }
    /// `nil` in a simulation only.
    public var certificate: Certificate? { content.certificate }
    /// The bytes, signature included.
    public var encoded: [UInt8] { content.encoded }
    /// Bytes of the encoding, or those that it would have.
    package var encodedSize: Int { content.size }
    /// Whose entry it is.
    public var nodeID: NodeID { content.provider.nodeID }
    /// Which of two entries of this provider for this service holds.
    public var version: Version { content.offer.version }

    /// An entry that no codec and no signature has seen: for simulations of nodes that trust one another.
    package init(simulated offer: Offer, provider: Contact, name: String, size: Int) {
        content = Content(offer, provider: provider, name: name, certificate: nil, encoded: [], size: size)
    }
}

extension ProviderEntry: Hashable {
    public static func == (a: ProviderEntry, b: ProviderEntry) -> Bool {
        a.content === b.content
            || (a.encoded == b.encoded && a.offer == b.offer && a.content.provider == b.content.provider && a.name == b.name)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(nodeID)
        hasher.combine(version)
    }
}

// MARK: - Making and verifying

extension ProviderEntry {
    /// Signs an offer as the node that `certificate` names. Throws where the offer or the whole exceeds its limits.
    public init(signing offer: Offer, certificate: Certificate, identity: IdentityKeyPair) throws(WireError) {
        var writer = try offer.writer()
        writer.put(Field.certificate, bytes: certificate.encoded)
        try writer.put(Field.relays, relays: offer.relays)
        let body = try writer.finish()
        var signed = TLVWriter(prefix: body)
        signed.put(Field.signature, bytes: identity.sign(.providerEntry, body))  // DHT-3.1
        try self.init(try signed.finish(), limit: Limits.providerEntry)
    }

    /// Whether the provider is a member of the mesh of `authority`, its certificate has not expired, and it has signed these bytes.
    public func isGenuine(authority: IdentityKey, now: UnixTime) -> Bool {  // DHT-3.2
        guard let certificate, !certificate.isExpired(at: now), (try? certificate.verify(authority: authority)) != nil else { return false }
        let body = Array(encoded.dropLast(Self.signatureField))
        return certificate.identityKey.verifies(Array(encoded.suffix(Self.signatureSize)), .providerEntry, body)
    }
}

// MARK: - Codec

extension ProviderEntry: WireMessage {
    fileprivate enum Field {
        static let service: UInt16 = 2
        static let incarnation: UInt16 = 4
        static let sequence: UInt16 = 6
        static let endpoints: UInt16 = 8
        static let lifetime: UInt16 = 10
        static let withdrawn: UInt16 = 12
        static let region: UInt16 = 13
        static let zone: UInt16 = 15
        static let capabilities: UInt16 = 17
        static let certificate: UInt16 = 18
        static let relays: UInt16 = 19
        /// The highest even type, so that it comes last and covers all others.
        static let signature: UInt16 = 0xFFFE
    }

    /// Bytes of an Ed25519 signature.
    private static let signatureSize = 64
    /// The signature with its TLV header.
    private static let signatureField = 4 + signatureSize

    public func encode() throws(WireError) -> [UInt8] { encoded }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.providerEntry else { throw .oversized }  // DHT-3.3
        var fields = Fields()
        var certificate: Certificate?
        var isSigned = false
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            guard !isSigned else { throw .trailing }  // DHT-3.4
            switch field.type {
            case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
            case Field.signature:
                guard field.range.count == Self.signatureSize else { throw .badLength(field.type) }
                isSigned = true
            default: try fields.read(bytes, field)
            }
        }
        let offer = try fields.offer()
        let owner = try required(Field.certificate, certificate)
        guard isSigned else { throw .missing(Field.signature) }
        let provider = Contact(nodeID: owner.nodeID, staticKey: owner.staticKey, endpoints: offer.endpoints)
        content = Content(offer, provider: provider, name: owner.name, certificate: owner, encoded: bytes.array, size: bytes.byteCount)
    }

    private struct Fields {
        private var service: String?
        private var incarnation, sequence: UInt64?
        private var endpoints: [Endpoint] = []
        private var lifetime: UInt32?
        private var isWithdrawn: Bool?
        private var region, zone: String?
        private var capabilities: [String: CapabilityValue] = [:]
        private var relays: [RelayRecord] = []

        mutating func read(_ bytes: RawSpan, _ field: TLVField) throws(WireError) {
            switch field.type {
            case Field.service: service = try bytes.name(field)
            case Field.incarnation: incarnation = try bytes.integer(UInt64.self, field)
            case Field.sequence: sequence = try bytes.integer(UInt64.self, field)
            case Field.endpoints: endpoints = try bytes.endpoints(field)
            case Field.lifetime: lifetime = try bytes.integer(UInt32.self, field)
            case Field.withdrawn: isWithdrawn = try bytes.flag(field)
            case Field.region: region = try bytes.text(field, limit: Limits.region)
            case Field.zone: zone = try bytes.text(field, limit: Limits.region)
            case Field.capabilities: capabilities = try Capabilities.decode(bytes, field)
            case Field.relays: relays = try bytes.relays(field)
            default: try field.skipOrRefuse()
            }
        }

        func offer() throws(WireError) -> Offer {
            var offer = Offer(
                service: try required(Field.service, service), incarnation: try required(Field.incarnation, incarnation),
                sequence: try required(Field.sequence, sequence))
            offer.endpoints = endpoints
            offer.lifetime = try required(Field.lifetime, lifetime)
            offer.isWithdrawn = try required(Field.withdrawn, isWithdrawn)
            offer.region = region
            offer.zone = zone
            offer.capabilities = capabilities
            offer.relays = relays
            return offer
        }
    }
}

extension ProviderEntry.Offer {
    fileprivate func writer() throws(WireError) -> TLVWriter {
        try checkName(ProviderEntry.Field.service, service)
        try checkEndpoints(ProviderEntry.Field.endpoints, endpoints)
        try checkText(ProviderEntry.Field.region, region, limit: Limits.region)
        try checkText(ProviderEntry.Field.zone, zone, limit: Limits.region)
        var writer = TLVWriter()
        writer.put(ProviderEntry.Field.service, service)
        writer.put(ProviderEntry.Field.incarnation, incarnation)
        writer.put(ProviderEntry.Field.sequence, sequence)
        writer.put(ProviderEntry.Field.endpoints, endpoints: endpoints)
        writer.put(ProviderEntry.Field.lifetime, lifetime)
        writer.put(ProviderEntry.Field.withdrawn, flag: isWithdrawn)
        writer.put(ProviderEntry.Field.region, optional: region)
        writer.put(ProviderEntry.Field.zone, optional: zone)
        let elements = try Capabilities.encode(ProviderEntry.Field.capabilities, capabilities)
        if !elements.isEmpty { writer.put(ProviderEntry.Field.capabilities, list: elements) }
        return writer
    }
}
