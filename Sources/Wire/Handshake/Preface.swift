/// The first eight bytes of a link: magic, major version, suite, pattern, flags.
package struct Preface: Hashable, Sendable {
    package var major: UInt8 = Self.major
    package var suite: Suite
    package var pattern: Pattern

    /// What kind of link it is to be.
    package enum Pattern: UInt8, Sendable {
        /// Between members: Noise XX, no clear bytes.
        case member = 1
        /// A joiner's enrolment: Noise XXpsk3, the token's id in clear bytes.
        case enrolment = 2

        /// How many clear bytes follow the preface.
        package var clearLength: Int { self == .enrolment ? 16 : 0 }

        package var noise: HandshakePattern { self == .enrolment ? .xxpsk3 : .xx }
    }

    package static let length = 8
    /// The one version that this program speaks.
    package static let major: UInt8 = 1
    private static let magic = Array("WMSH".utf8)
    /// Stands before the preface in the prologue, so that a draft does not talk to what it becomes.
    private static let protocolName = Array("WM/1 draft".utf8)

    package init(suite: Suite, pattern: Pattern) {
        self.suite = suite
        self.pattern = pattern
    }

    /// Reads exactly the preface; `badPreface` for another magic, version, suite or pattern, or a flag that is set.
    /// An enrolment has one suite: a joiner knows nothing of the coordinator's hardware.
    package init(decoding bytes: some Collection<UInt8>) throws(WireError) {
        let bytes = Array(bytes)
        // HS-2.1
        guard bytes.count == Self.length, bytes.starts(with: Self.magic), bytes[4] == Self.major, let suite = Suite(rawValue: bytes[5]),
            let pattern = Pattern(rawValue: bytes[6]), bytes[7] == 0
        else { throw .badPreface }
        guard suite == .chaChaPoly || pattern != .enrolment else { throw .badPreface }  // HS-2.2
        self.init(suite: suite, pattern: pattern)
    }

    package var encoded: [UInt8] { Self.magic + [major, suite.rawValue, pattern.rawValue, 0] }

    /// What Noise mixes in first: all the clear bytes, which are thereby authenticated.
    package func prologue(clear: [UInt8]) -> [UInt8] { Self.protocolName + encoded + clear }  // HS-3.1
}

/// The mac that follows message 1: HMAC-SHA256 keyed by the mesh id, over everything before it, cut to 16 bytes.
///
/// A filter that costs a scanner more than it costs us; it authenticates nobody.
package enum Mac1 {
    static let length = Limits.mac1

    package static func compute(meshID: MeshID, over bytes: [UInt8]) -> SecretBytes {
        var mac = HMAC(key: meshID.bytes.span.bytes)
        mac.update(bytes.span.bytes)
        return mac.finish().prefix(length)
    }
}
