internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Wire

extension ClientError {
    /// What an HTTP client met with on the way to `url`, in words for people.
    init(_ error: any Error, url: String) {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .readTimeout: self = .timedOut(url: url)
            case .invalidURL, .emptyHost: self = .badURL(url)
            case .connectTimeout: self = .unreachable(url: url, reason: "no connection came about in time")
            default: self = .unreachable(url: url, reason: error.shortDescription)
            }
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self = .untrusted(url: url, reason: "it is for another host")
        case NIOSSLError.handshakeFailed(.sslError(let errors)) where errors.contains(where: Self.isAboutCertificates):
            self = .untrusted(url: url, reason: "no CA that is known here has signed it")
        case let error as NIOSSLError: self = .unreachable(url: url, reason: "the TLS handshake failed: \(error)")
        case let error as NIOConnectionError:
            let first = error.connectionErrors.first.map { Self.reason($0.error) }
            self = .unreachable(url: url, reason: first ?? "the name \(error.host) has no address")
        default: self = .unreachable(url: url, reason: Self.reason(error))
        }
    }

    private static func isAboutCertificates(_ error: BoringSSLInternalError) -> Bool {
        "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
    }

    /// A system error by its own words, without the names of calls.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }
}
