import Foundation

/// What an HTTP front needs off loopback: a certificate that signs itself, its key, and a file with one bearer token.
struct TLSFiles {
    let certificate: String
    let key: String
    let tokens: String
    let token = "a-token-of-more-than-sixteen"

    init() async throws {
        let sandbox = Sandbox.current!
        (certificate, key, tokens) = (sandbox.path("cert.pem"), sandbox.path("key.pem"), sandbox.path("tokens"))
        let made = try await sandbox.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
        guard made.code == 0 else { throw Failure("no certificate: \(made)") }
        try Data("# for the tests\n\(token)\n".utf8).write(to: URL(filePath: tokens))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokens)
    }

    /// Everything that an address that others reach wants.
    var options: [String] { ["--http-cert", certificate, "--http-key", key, "--http-token-file", tokens] }

    /// What a client of it gives.
    var clientOptions: [String] { ["--http-ca", certificate, "--http-token-file", tokens] }
}
