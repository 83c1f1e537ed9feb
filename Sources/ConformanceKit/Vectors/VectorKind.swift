import Wire

/// What the vectors of a file are about: how an input is read, and what the production code makes of it.
struct VectorKind: Sendable {
    /// The work of one vector: its output, or a throw that `VectorError.name` names.
    typealias Work = () throws -> VectorValue

    let name: String
    /// Reads all fields of an input. Nothing is run before all are read, so that a wrong file is refused whatever it says.
    let prepare: @Sendable (inout VectorInput) throws(VectorFormatError) -> Work

    init(_ name: String, _ prepare: @escaping @Sendable (inout VectorInput) throws(VectorFormatError) -> Work) {
        self.name = name
        self.prepare = prepare
    }

    /// What the production code makes of `input`.
    func run(_ input: VectorValue, line: Int) throws(VectorFormatError) -> Outcome {
        var reader = try VectorInput(input, line: line)
        let work = try prepare(&reader)
        try reader.finish()
        do {
            return .output(try work())
        } catch let mismatch as VectorMismatch {
            return .inconsistent(mismatch.reason)
        } catch {
            return VectorError.name(of: error).map(Outcome.error) ?? .inconsistent("\(error)")
        }
    }

    enum Outcome: Equatable {
        case output(VectorValue)
        case error(String)
        /// Two ways to the same result differ: a mistake of this program.
        case inconsistent(String)
    }
}

/// Two ways to the same result differ.
struct VectorMismatch: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }

    static func check(_ condition: Bool, _ reason: @autoclosure () -> String) throws(VectorMismatch) {
        guard condition else { throw VectorMismatch(reason()) }
    }
}

/// The names that errors have in vectors, the same in every implementation (spec/registry.json, `vectorErrors`).
enum VectorError {
    /// `nil` for an error that vectors do not speak of.
    static func name(of error: any Error) -> String? {
        switch error {
        case let error as WireError: wireName(of: error)
        case TokenError.notAToken: "not-a-token"
        case TokenError.mistyped: "mistyped-token"
        case TokenError.unreadable(let error): wireName(of: error)
        default: nil
        }
    }

    private static func wireName(of error: WireError) -> String {
        switch error {
        case .truncated: "truncated"
        case .trailing: "trailing"
        case .oversized: "oversized"
        case .unordered: "unordered"
        case .unknownCritical: "unknown-critical"
        case .badLength: "bad-length"
        case .badValue: "bad-value"
        case .missing: "missing"
        case .notMinimal: "not-minimal"
        case .badPreface: "bad-preface"
        case .authentication: "authentication"
        case .downgrade: "downgrade"
        case .certificate(.wrongPeer): "wrong-peer"
        case .certificate(.permissionDenied): "no-certificate"
        case .certificate: "certificate-expired"
        case .streamState: "stream-state"
        case .flowControl: "flow-control"
        case .flood: "flood"
        case .compression: "compression"
        case .exhausted: "exhausted"
        case .replayed: "replayed"
        }
    }
}
