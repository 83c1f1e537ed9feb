import Transport
import Wire

/// Who may be in the mesh, under which name. A machine without I/O.
///
/// What must be remembered is decided here, written by whoever owns the machine as one compare-and-set, and only then taken
/// over: `Plan`, then the store, then `apply`. What is known here of the store can be old; the compare-and-set notices.
struct Admission: ~Copyable {
    private(set) var members: [IdentityKey: Versioned<Member>] = [:]
    private(set) var names: [String: Versioned<IdentityKey>] = [:]
    private(set) var tokens: [TokenID: Versioned<Token>] = [:]
    private var keys: [NodeID: IdentityKey] = [:]
    /// Keys that are revoked, so that asking for them costs nothing with every link.
    private var revoked: Set<IdentityKey> = []
    /// Links of members that are up.
    var live: [NodeID: [UInt64: LiveLink]] = [:]
    /// The greatest serial that was given to a certificate.
    private(set) var lastSerial: UInt64 = 0

    init() {}

    /// A value and the transaction of the store that wrote it.
    struct Versioned<Value: Sendable>: Sendable {
        var value: Value
        var revision: UInt64
    }

    /// A link of a member, as far as it matters for telling copies apart.
    struct LiveLink: Sendable, Hashable {
        var bootEpoch: UInt64
        var heard: Instant
        var address: Endpoint
    }

    /// What happened that somebody must be told of.
    enum Report: Sendable, Hashable {
        /// Somebody with another key asked for the name of this node.
        case nameRequested(holder: NodeID, name: String, by: Endpoint)
        /// A second node with this node's key tried to link while it is alive.
        case cloneRefused(holder: NodeID, name: String, by: Endpoint)
        /// A node came back that runs from a restored backup or a copy of its folder. It was admitted.
        case restoredBackup(NodeID, name: String, from: Endpoint)
    }

    /// A decision that waits for the store.
    struct Plan: Sendable {
        var conditions: [StoreCondition] = []
        var changes: [Change] = []

        /// The keys that the decision rests on.
        var keys: [String] { conditions.map(\.key) }
    }

    /// One record as it is to be.
    enum Change: Sendable {
        case member(Member)
        case name(String, IdentityKey)
        case releaseName(String)
        case token(Token)
        case forgetToken(TokenID)
    }

    // MARK: Reading

    func member(named name: String) -> Member? { names[name].flatMap { members[$0.value]?.value } }
    func member(of node: NodeID) -> Member? { keys[node].flatMap { members[$0]?.value } }

    /// Nodes that are revoked and whose certificates would still be taken by somebody who was not told.
    func revokedNodes(now: UnixTime) -> [NodeID] {
        revoked.compactMap { members[$0]?.value }.filter { now < $0.expires }.map(\.nodeID).sorted()
    }

    // MARK: Taking over

    /// Takes a decision over that the store has made true in transaction `revision`.
    mutating func apply(_ plan: Plan, revision: UInt64) {
        for change in plan.changes {
            switch change {
            case .member(let member): set(member, revision)
            case .name(let name, let key): names[name] = Versioned(value: key, revision: revision)
            case .releaseName(let name): names[name] = nil
            case .token(let token): tokens[token.id] = Versioned(value: token, revision: revision)
            case .forgetToken(let id): tokens[id] = nil
            }
        }
    }

    /// Takes over what the store holds under `key`, `nil` for nothing. Other keys than this machine's are ignored.
    mutating func load(_ key: String, _ stored: StoredValue?) throws(WireError) {
        if key.hasPrefix(Member.namePrefix) {
            let name = String(key.dropFirst(Member.namePrefix.utf8.count))
            names[name] = stored.flatMap { stored in Bytes32(stored.bytes).map { Versioned(value: $0, revision: stored.revision) } }
        } else if key.hasPrefix(Member.prefix) {
            if let stored { set(try Member(stored.bytes), stored.revision) }
        } else if key.hasPrefix(Token.prefix) {
            if let stored {
                let token = try Token(stored.bytes)
                tokens[token.id] = Versioned(value: token, revision: stored.revision)
            } else if let id = [UInt8](hex: key.dropFirst(Token.prefix.utf8.count)).flatMap({ TokenID($0) }) {
                tokens[id] = nil
            }
        }
    }

    private mutating func set(_ member: Member, _ revision: UInt64) {
        members[member.identityKey] = Versioned(value: member, revision: revision)
        keys[member.nodeID] = member.identityKey
        if member.isRevoked { revoked.insert(member.identityKey) }
        lastSerial = max(lastSerial, member.serial)
    }

    // MARK: Conditions

    func condition(member key: IdentityKey) -> StoreCondition {
        members[key].map { .unchanged(Member.key(key), since: $0.revision) } ?? .absent(Member.key(key))
    }

    func condition(name: String) -> StoreCondition {
        names[name].map { .unchanged(Member.nameKey(name), since: $0.revision) } ?? .absent(Member.nameKey(name))
    }

    func condition(token id: TokenID) -> StoreCondition {
        tokens[id].map { .unchanged(Token.key(id), since: $0.revision) } ?? .absent(Token.key(id))
    }

    /// A serial above all before, that also says when it was given.
    func nextSerial(now: UnixTime) -> UInt64 { max(lastSerial + 1, now.seconds &* 1_000_000) }
}

extension StoreCondition {
    var key: String {
        switch self {
        case .absent(let key), .unchanged(let key, _): key
        }
    }
}

extension Admission.Change {
    /// What the store is to write.
    func write() throws(WireError) -> StoreWrite {
        switch self {
        case .member(let member): .put(Member.key(member.identityKey), try member.encode())
        case .name(let name, let key): .put(Member.nameKey(name), key.bytes)
        case .releaseName(let name): .delete(Member.nameKey(name))
        case .token(let token): .put(Token.key(token.id), try token.encode())
        case .forgetToken(let id): .delete(Token.key(id))
        }
    }
}
