import Logging
import NIOCore
import Transport
import Wire

/// The first link of a worker: it shows its token and gets a certificate.
struct Enrolment {
    let endpoint: MeshEndpoint
    let identity: Identity
    let name: String
    let logger: Logger

    /// Enrols, keeps what it got, and uses it from then on. Returns the coordinators.
    func run(_ token: JoinToken) async throws(WorkerError) -> [Endpoint] {
        let answer = try await ask(token)
        let certificate: Certificate
        do {
            certificate = try Certificate(decoding: answer.certificate)
            try certificate.verify(authority: identity.credentials.authority)  // TOKEN-5.1
        } catch {
            throw WorkerError(.refused, "the coordinator's answer holds no valid certificate: \(error)")
        }
        guard certificate.identityKey == identity.credentials.identity.publicKey,  // TOKEN-5.1
            certificate.staticKey == identity.credentials.staticKey.publicKey, certificate.name == name
        else { throw WorkerError(.refused, "the coordinator's certificate is for another node: \(certificate.name)") }
        var credentials = identity.credentials
        credentials.certificate = certificate
        let coordinators = answer.coordinators.isEmpty ? token.endpoints : answer.coordinators
        try identity.folder.store(credentials, coordinators: coordinators)
        endpoint.replaceCredentials(credentials)
        return coordinators
    }

    /// Three tries: a coordinator that starts at the same moment is given a chance, a wrong token is not tried for long.
    private func ask(_ token: JoinToken) async throws(WorkerError) -> EnrolAnswer {
        var backoff = Backoff(first: .milliseconds(500))
        for attempt in 1...3 {
            do {
                return try await askOnce(token)
            } catch let error as CallError {
                guard Self.silence.contains(error.code.base) else { throw WorkerError(.refused, refusal(error)) }
                guard attempt < 3 else { throw WorkerError(.refused, silence(token, error)) }
                logger.warning("no answer to the join token yet", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            } catch {
                throw WorkerError(.refused, "the enrolment failed: \(error)")
            }
        }
        throw WorkerError(.refused, "the enrolment was not tried")
    }

    /// What a joiner hears of a coordinator that does not know its token: a connection that is closed without a word.
    private static let silence: Set<ErrorCode> = [.unreachable.base, .authentication.base, .linkLost.base, .deadlineExceeded.base]

    private func askOnce(_ token: JoinToken) async throws -> EnrolAnswer {
        let identity = identity.credentials.identity
        let (name, features) = (name, self.identity.credentials.features)
        let body = try await endpoint.enrol(token) { peer in
            let signed = EnrolRequest.signedBytes(handshakeHash: peer.handshakeHash, name: name)
            let request = EnrolRequest(
                name: name, identityKey: identity.publicKey, features: features, roles: .worker,
                signature: identity.sign(.enrolment, signed))
            var head = Head()
            head.method = MeshMethod.enrol
            return (head, ByteBuffer(bytes: try request.encode()))
        }
        return try EnrolAnswer([UInt8](body.readableBytesView))
    }

    private func refusal(_ error: CallError) -> String {
        switch error.code.base {
        case ErrorCode.expired.base: "the join token has expired; make a new one at the coordinator"
        case ErrorCode.tokenUsedUp.base: "the join token has been used up; make a new one at the coordinator"
        case ErrorCode.revoked.base: "the coordinator refuses this node: \(error.reason)"
        case ErrorCode.nameTaken.base: "the name \(name) belongs to another key; choose another one with --name, or release it first"
        default: "the coordinator refused the enrolment: \(error)"
        }
    }

    private func silence(_ token: JoinToken, _ error: CallError) -> String {  // TOKEN-5.2
        let places = token.endpoints.map(\.description).joined(separator: ", ")
        return "no coordinator at \(places) answers this join token (\(error.reason)); it is not running there, a firewall is between, "
            + "the token is mistyped or unknown to it, or another program has the port"
    }
}
