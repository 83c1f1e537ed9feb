/// What a target may lack, or a run may not have been given (`isOption`). Cases that need it are skipped then, and say so.
public enum Feature: String, Sendable, CaseIterable, Codable {
    /// The target admits members and keeps the registry.
    case coordinator
    /// The target hosts services.
    case worker
    /// It offers a service that sends back each byte as it comes (`--service`).
    case echo
    /// It runs suite 2 (AESGCM).
    case aes
    /// It takes compressed DATA.
    case compression
    /// It answers `mesh.watch`.
    case watch
    /// It passes links on (`mesh.relay`).
    case relay
    /// It answers links that a relay passes on (`mesh.circuit`).
    case circuits
    /// It dials a coordinator, enrols and registers.
    case dialling
    /// The seed of the test mesh's authority was given (`--authority`), so that certificates of any kind can be made.
    case authority
    /// A token whose uses are spent was given (`--used-token`).
    case usedToken = "used-token"
    /// A token that was revoked was given (`--revoked-token`).
    case revokedToken = "revoked-token"
    /// A token that has expired was given (`--expired-token`).
    case expiredToken = "expired-token"
    /// Minutes of work: 2^20 records (`--soak`).
    case soak

    /// Whether it is an option of the run, and nothing that a target has or lacks.
    public var isOption: Bool {
        switch self {
        case .authority, .usedToken, .revokedToken, .expiredToken, .soak: true
        case .coordinator, .worker, .echo, .aes, .compression, .watch, .relay, .circuits, .dialling: false
        }
    }

    /// Throws where a case needs what is not in `available`: first what the target lacks, which no option would help.
    static func require(_ needs: Set<Feature>, of available: Set<Feature>) throws {
        let missing = needs.subtracting(available).sorted { $0.rawValue < $1.rawValue }
        if let feature = missing.first(where: { !$0.isOption }) { throw Lacking(what: feature.rawValue) }
        if let option = missing.first { throw NotGiven(what: "--" + option.rawValue) }
    }
}
