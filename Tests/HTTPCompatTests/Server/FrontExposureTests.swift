import Foundation
import HTTPCompat
import Logging
import NIOCore
import NIOPosix
import Testing
import Transport

/// What a front wants before others can reach it, and what it does then.
@Suite struct FrontExposureTests {
    private static let token = "a-token-of-more-than-sixteen"

    /// A folder with a certificate for localhost, its key and a token file.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "front-\(UUID().uuidString)")
        var certificate: String { path.appending(path: "cert.pem").path }
        var key: String { path.appending(path: "key.pem").path }
        var tokens: String { path.appending(path: "tokens").path }

        init() async throws {
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            let made = try await Subprocess.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ])
            #expect(made.code == 0, "\(made.output)")
            try Data(token.utf8).write(to: URL(filePath: tokens))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokens)
        }

        deinit { try? FileManager.default.removeItem(at: path) }
    }

    private func failure(_ change: (inout FrontConfiguration) -> Void) async throws -> FrontError? {
        var configuration = FrontConfiguration(port: 0)
        change(&configuration)
        do {
            try await HTTPFront.check(configuration)
            return nil
        } catch {
            return error
        }
    }

    @Test func loopbackNeedsNothing() async throws {
        for host in ["127.0.0.1", "localhost", "::1", "127.8.8.8"] {
            #expect(try await failure { $0.host = host } == nil)
        }
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1"])
    func otherAddressesNeedTLSAndTokens(host: String) async throws {
        let folder = try await Folder()
        #expect(try await failure { $0.host = host } == .exposed(host: host))
        #expect(try await failure { ($0.host, $0.tokenFile) = (host, folder.tokens) } == .exposed(host: host))
        #expect(try await failure { ($0.host, $0.certificate, $0.key) = (host, folder.certificate, folder.key) } == .exposed(host: host))
        #expect(try await failure { ($0.host, $0.allowsInsecure) = (host, true) } == nil)
        #expect(
            try await failure {
                ($0.host, $0.certificate, $0.key, $0.tokenFile) = (host, folder.certificate, folder.key, folder.tokens)
            } == nil)
    }

    @Test func filesThatCannotBeUsedAreNamed() async throws {
        let folder = try await Folder()
        #expect(try await failure { $0.certificate = folder.certificate } == .certificateWithoutKey)
        #expect(try await failure { $0.key = folder.key } == .certificateWithoutKey)
        #expect(try await failure { ($0.certificate, $0.key) = (folder.tokens, folder.key) }?.description.contains(folder.tokens) == true)
        #expect(
            try await failure { ($0.certificate, $0.key) = (folder.certificate, folder.tokens) }?.description.contains(folder.tokens)
                == true)
        #expect(try await failure { $0.tokenFile = "/nowhere/tokens" }?.description.contains("/nowhere/tokens") == true)
        guard case .cannotListen = try await failure({ $0.host = "no-such-host.invalid" }) else {
            Issue.record("a name without an address cannot be listened on")
            return
        }
    }

    @Test func aBusyPortIsAnErrorOrMoved() async throws {
        try await TestFront.with { front in
            await #expect(throws: FrontError.portTaken(host: "127.0.0.1", port: front.port)) {
                _ = try await TestFront.start(StubCaller()) { $0.port = front.port }
            }
            let moved = try await TestFront.start(StubCaller()) { ($0.port, $0.movesToFreePort) = (front.port, true) }
            #expect(moved.port > front.port)
            await moved.front.shutdown()
        }
    }

    @Test func servesOverTLSWithTokens() async throws {
        let folder = try await Folder()
        let service = try await PythonService.start()
        try await TestFront.with(try HTTPUpstream(url: service.url)) {
            ($0.certificate, $0.key, $0.tokenFile) = (folder.certificate, folder.key, folder.tokens)
        } _: { front in
            let base = "https://localhost:\(front.port)"
            func curl(_ arguments: String...) async throws -> Subprocess.Outcome {
                try await Subprocess.run(["curl", "-sS", "--cacert", folder.certificate, "--max-time", "20"] + arguments)
            }
            let bearer = "Authorization: Bearer \(Self.token)"
            #expect(try await curl("-w", "%{http_code}", base + "/hot").output.hasSuffix("401"))
            #expect(try await curl("-w", "%{http_code}", base + "/healthz").output.hasSuffix("404"), "the test's router has none")
            #expect(try await curl("-H", bearer, base + "/hot").output == "{\"hot\":true}")
            let seen = try await curl("-H", bearer, "-H", "X-Kept: 1", base + "/service/s/seen").output
            #expect(seen.contains("x-kept") && !seen.contains("authorization"), "the token is not the service's business")
            let own = try await curl("-H", "Wiremesh-Token: \(Self.token)", "-H", "Authorization: Basic x", base + "/service/s/seen").output
            #expect(own.contains(#""authorization": "Basic x""#) && !own.contains("wiremesh-token"))
            let size = try await curl("-H", bearer, "-o", "/dev/null", "-w", "%{size_download}", base + "/service/s/source?bytes=30000000")
            #expect(size.output == "30000000")
            let plain = try await Subprocess.run(["curl", "-sS", "--max-time", "20", "http://localhost:\(front.port)/hot"])
            #expect(plain.code != 0)
        }
    }

    /// Over TLS as well, a client that leaves is noticed.
    @Test func aClientThatLeavesIsNoticedOverTLS() async throws {
        let folder = try await Folder()
        let service = try await PythonService.start()
        try await TestFront.with(try HTTPUpstream(url: service.url)) {
            ($0.certificate, $0.key) = (folder.certificate, folder.key)
        } _: { front in
            let left = try await Subprocess.run([
                "curl", "-sS", "--cacert", folder.certificate, "--max-time", "1", "https://localhost:\(front.port)/service/s/slow",
            ])
            #expect(left.code == 28)
            try await service.wait(for: "gone", "/slow")
        }
    }
}
