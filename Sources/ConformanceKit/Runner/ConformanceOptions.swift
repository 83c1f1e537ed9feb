public import Wire

/// What a run is to do.
public struct ConformanceOptions: Sendable {
    public var role: ConformanceCase.Role = .responder
    /// Where the target accepts links; for a target that dials, nothing.
    public var target: Endpoint?
    /// Admits the runner to the target's mesh: two uses for each lane, and two more. With fewer, cases are skipped.
    public var token: JoinToken?
    /// Parts of ids, beginnings of clauses, features. None means every case.
    public var filters: [String] = []
    /// What the target says that it lacks.
    public var lacks: Set<Feature> = []
    /// How long the target may take for what it must do.
    public var patience: Duration = .seconds(3)
    /// How long the whole run may take. What has not ended by then has failed.
    public var limit: Duration = .seconds(300)
    /// Cases that run at once, each with a member of its own.
    public var lanes = 6
    /// The service that echoes, and the path at which it does.
    public var service = "echo"
    public var path = "/"
    /// The seed of the authority of the target's mesh: a test mesh, of course.
    public var authoritySeed: SecretBytes?
    /// Tokens that are good for nothing any more, by what is wrong with them.
    public var spentTokens: [Feature: JoinToken] = [:]
    /// Whether cases that take minutes are run.
    public var soak = false
    /// Whether a target that does not do what the specification says that it should fails. It is warned of otherwise.
    public var isStrict = false
    /// Starts a target that dials: "{TOKEN}", "{ADDRESS}", "{FOLDER}" and "{NAME}" are filled in. Without it somebody else does.
    public var command: String?
    /// Where the runner listens for a target that dials.
    public var listen = Endpoint(host: "127.0.0.1", port: 0)

    public init() {}

    /// The seed in a file: 32 bytes, 64 hexadecimal digits, or a coordinator's authority.key. `nil` for anything else.
    public static func authoritySeed(in file: [UInt8]) -> SecretBytes? {
        if file.count == 32 { return SecretBytes(file) }
        let text = String(decoding: file, as: UTF8.self).filter { !$0.isWhitespace }
        if let seed = [UInt8](hex: text), seed.count == 32 { return SecretBytes(seed) }
        return RawTLV(splitting: file)[2].flatMap { $0.count == 32 ? SecretBytes($0) : nil }
    }
}

/// Why there was no run: one sentence, which says what is wrong and what to do.
public struct ConformanceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    /// Whether it is an option that is wrong, and not the target.
    public var isUsage: Bool

    init(_ description: String, isUsage: Bool = false) {
        self.description = description
        self.isUsage = isUsage
    }
}
