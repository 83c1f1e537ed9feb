/// What a target may lack, or a run may not have been given. Cases that need it are skipped then, and say so.
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
}
