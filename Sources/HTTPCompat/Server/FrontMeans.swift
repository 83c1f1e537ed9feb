import NIOCore
import NIOPosix
import NIOSSL

/// What a front needs to be safe where it listens: certificate, tokens, or nothing on loopback. Made once, at its start.
struct FrontMeans: Sendable {
    let tls: FrontTLS?
    let tokens: BearerTokens?
    /// Whether only this machine can reach the address.
    let isLoopback: Bool
    /// What an address that others can reach lacks, for people; empty unless the operator allowed it.
    let missing: [String]

    /// - Throws: `FrontError` for files that cannot be used, and for an address that is open to others without being allowed to.
    init(_ configuration: FrontConfiguration) async throws(FrontError) {
        tls = try FrontTLS(configuration)
        tokens = try configuration.tokenFile.map { file throws(FrontError) in try BearerTokens(file: file) }
        let (host, port) = (configuration.host, configuration.port)
        do {
            isLoopback = try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(host, port: port).isLoopback
            }
        } catch {
            throw .cannotListen(host: host, port: port, reason: "the name has no address")
        }
        missing = isLoopback ? [] : [tls == nil ? "encryption" : nil, tokens == nil ? "authentication" : nil].compactMap { $0 }
        guard missing.isEmpty || configuration.allowsInsecure else { throw .exposed(host: host) }
    }
}

/// TLS of a front: certificate chain and key from PEM files, TLS 1.2 at least, HTTP/1.1 only.
struct FrontTLS: Sendable {
    private let context: NIOSSLContext

    /// `nil` where none is configured.
    init?(_ configuration: FrontConfiguration) throws(FrontError) {
        guard configuration.certificate != nil || configuration.key != nil else { return nil }
        guard let certificate = configuration.certificate, let key = configuration.key else { throw .certificateWithoutKey }
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(certificate) } catch { throw .badCertificate(file: certificate, reason: "\(error)") }
        guard !chain.isEmpty else { throw .badCertificate(file: certificate, reason: "it holds no certificate") }
        let privateKey: NIOSSLPrivateKey
        do { privateKey = try NIOSSLPrivateKey(file: key, format: .pem) } catch { throw .badCertificate(file: key, reason: "\(error)") }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        do { context = try NIOSSLContext(configuration: tls) } catch { throw .badCertificate(file: certificate, reason: "\(error)") }
    }

    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}

extension SocketAddress {
    /// Whether only this machine can reach the address: 127.0.0.0/8, ::1, the former mapped into IPv6, or a socket file.
    var isLoopback: Bool {
        guard let address = ipAddress else { return true }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
