import Wire

/// A node that was admitted: what its certificate binds, and what is remembered to recognise a copy of it.
struct Member: Sendable, Hashable {
    var identityKey: IdentityKey
    var nodeID: NodeID
    var name: String
    /// What the node id was made from; drawn when the key was first seen, kept for good.
    var salt: [UInt8]
    var roles: Roles
    /// Serial of the certificate that was issued last.
    var serial: UInt64
    /// Serial of the one before: a renewal whose answer was lost leaves a node with it.
    var previousSerial: UInt64 = 0
    /// End of the certificate that was issued last.
    var expires: UnixTime
    /// The run that linked last.
    var bootEpoch: UInt64 = 0
    var isRevoked = false

    /// The key of the record.
    static func key(_ key: IdentityKey) -> String { prefix + key.hex }
    /// The key of the record that says to whom a name is bound.
    static func nameKey(_ name: String) -> String { namePrefix + name }
    static let prefix = "member/"
    static let namePrefix = "name/"
}

extension Member: WireMessage {
    private enum Field {
        static let identityKey: UInt16 = 2
        static let nodeID: UInt16 = 4
        static let name: UInt16 = 6
        static let salt: UInt16 = 8
        static let roles: UInt16 = 10
        static let serial: UInt16 = 12
        static let previousSerial: UInt16 = 14
        static let expires: UInt16 = 16
        static let bootEpoch: UInt16 = 18
        static let isRevoked: UInt16 = 20
    }

    func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.identityKey, identityKey)
        writer.put(Field.nodeID, nodeID)
        writer.put(Field.name, name)
        writer.put(Field.salt, bytes: salt)
        writer.put(Field.roles, roles.rawValue)
        writer.put(Field.serial, serial)
        writer.put(Field.previousSerial, previousSerial)
        writer.put(Field.expires, expires.seconds)
        writer.put(Field.bootEpoch, bootEpoch)
        writer.put(Field.isRevoked, UInt8(isRevoked ? 1 : 0))
        return try writer.finish()
    }

    init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var keys: [UInt16: Bytes32] = [:]
        var numbers: [UInt16: UInt64] = [:]
        var name: String?
        var salt: [UInt8]?
        var roles: UInt32?
        var isRevoked = false
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.identityKey, Field.nodeID: keys[field.type] = try bytes.bytes32(field)
            case Field.name: name = try bytes.text(field, limit: Limits.name)
            case Field.salt: salt = try bytes.array(field, limit: 16)
            case Field.roles: roles = try bytes.integer(UInt32.self, field)
            case Field.serial, Field.previousSerial, Field.expires, Field.bootEpoch:
                numbers[field.type] = try bytes.integer(UInt64.self, field)
            case Field.isRevoked: isRevoked = try bytes.integer(UInt8.self, field) != 0
            default: try field.skipOrRefuse()
            }
        }
        guard let identityKey = keys[Field.identityKey] else { throw .missing(Field.identityKey) }
        guard let nodeID = keys[Field.nodeID] else { throw .missing(Field.nodeID) }
        guard let name else { throw .missing(Field.name) }
        guard let salt else { throw .missing(Field.salt) }
        guard let roles else { throw .missing(Field.roles) }
        self.init(
            identityKey: identityKey, nodeID: nodeID, name: name, salt: salt, roles: Roles(rawValue: roles),
            serial: numbers[Field.serial] ?? 0, previousSerial: numbers[Field.previousSerial] ?? 0,
            expires: UnixTime(seconds: numbers[Field.expires] ?? 0), bootEpoch: numbers[Field.bootEpoch] ?? 0, isRevoked: isRevoked)
    }
}
