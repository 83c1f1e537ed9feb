/// The ciphers of the protocol; the raw value stands in the preface. Curve and hash are the same for all.
public enum Suite: UInt8, Sendable, CaseIterable {
    /// Noise_*_25519_ChaChaPoly_SHA256: always there.
    case chaChaPoly = 1
    /// Noise_*_25519_AESGCM_SHA256: where both sides have AES in hardware.
    case aesGCM = 2

    /// Whether this machine can run it.
    public var isAvailable: Bool {
        switch self {
        case .chaChaPoly: true  // HS-2.4
        case .aesGCM: Sodium.hasAES
        }
    }

    /// The suites that this machine can run.
    package static let available = allCases.filter(\.isAvailable)

    /// The cipher's name in a Noise protocol name.
    package var noiseName: String {
        switch self {
        case .chaChaPoly: "ChaChaPoly"
        case .aesGCM: "AESGCM"
        }
    }

    /// The fastest suite that both this machine and a peer with `features` can run.
    public static func best(with features: Features) -> Suite {
        features.contains(.aes) && Suite.aesGCM.isAvailable ? .aesGCM : .chaChaPoly  // HS-2.3
    }
}

extension Features {
    /// What the processor of this machine offers.
    public static var local: Features { Suite.aesGCM.isAvailable ? [.aes] : [] }
}
