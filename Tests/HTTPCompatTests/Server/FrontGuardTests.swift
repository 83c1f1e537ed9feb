import Foundation
import HTTPCompat
import NIOHTTP1
import Testing

/// Who may talk to a front.
@Suite struct FrontGuardTests {
    private static let token = "0123456789abcdef-token"

    private func door(
        origins: [String] = [], hosts: [String] = [], tokens: Bool = false, loopback: Bool = true
    ) throws -> FrontGuard {
        var configuration = FrontConfiguration(port: 0)
        configuration.allowedOrigins = origins
        configuration.allowedHosts = hosts
        return FrontGuard(
            configuration: configuration, tokens: tokens ? try BearerTokens(text: Self.token, file: "tokens") : nil, isLoopback: loopback)
    }

    private func status(_ door: FrontGuard, _ method: HTTPMethod, _ headers: HTTPHeaders, path: String = "/service/x") -> Int {
        switch door.judge(FrontRequest(method: method, target: path, headers: headers)) {
        case .pass: 200
        case .refuse(let answer): answer.status
        }
    }

    @Test(arguments: ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "a.localhost", "10.1.2.3", "mesh.example"])
    func ownNamesPass(host: String) throws {
        #expect(status(try door(hosts: ["Mesh.Example"]), .POST, ["Host": host]) == 200)
    }

    @Test(arguments: ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"])
    func reboundNamesAreRefused(host: String) throws {
        #expect(status(try door(), .GET, ["Host": host]) == 421)
        #expect(status(try door(loopback: false), .GET, ["Host": host]) == 200, "off loopback a front has any name")
    }

    @Test func pagesOfOtherOriginsMayNotWrite() throws {
        let page: HTTPHeaders = ["Host": "localhost:8000", "Origin": "https://evil.example"]
        #expect(status(try door(), .POST, page) == 403)
        #expect(status(try door(), .GET, page) == 200)
        #expect(status(try door(origins: ["https://evil.example"]), .POST, page) == 200)
        #expect(status(try door(origins: ["*"]), .POST, page) == 200)
        #expect(status(try door(), .POST, ["Host": "localhost:8000", "Origin": "http://localhost:8000"]) == 200)
        #expect(status(try door(), .POST, ["Host": "localhost:8000", "Origin": "null"]) == 403)
        #expect(status(try door(), .DELETE, ["Host": "localhost:8000", "Sec-Fetch-Site": "cross-site"]) == 403)
        #expect(status(try door(), .POST, ["Host": "localhost:8000", "Sec-Fetch-Site": "same-origin"]) == 200)
        #expect(status(try door(), .POST, ["Host": "localhost:8000"]) == 200, "programs send neither")
    }

    @Test func preflightsAreAnswered() throws {
        let asked: HTTPHeaders = [
            "Host": "localhost", "Origin": "http://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        ]
        let allowed = try door(origins: ["http://app.example"])
        guard case .refuse(let answer) = allowed.judge(FrontRequest(method: .OPTIONS, target: "/service/x", headers: asked)) else {
            Issue.record("a preflight is answered by the front")
            return
        }
        #expect(answer.status == 200)
        #expect(answer.fields.contains { $0 == ("access-control-allow-origin", "http://app.example") })
        #expect(answer.fields.contains { $0 == ("access-control-allow-headers", "content-type") })
        #expect(status(try door(origins: ["http://other.example"]), .OPTIONS, asked) == 400)
        #expect(status(try door(), .OPTIONS, asked) == 200, "without CORS a preflight is the service's business")
    }

    @Test func tokensOpen() throws {
        let door = try door(tokens: true, loopback: false)
        #expect(status(door, .GET, [:]) == 401)
        #expect(status(door, .GET, ["Authorization": "Bearer \(Self.token)"]) == 200)
        #expect(status(door, .GET, ["Authorization": "bearer  \(Self.token)"]) == 200)
        #expect(status(door, .GET, ["Wiremesh-Token": Self.token, "Authorization": "Bearer of-the-service"]) == 200)
        for wrong in ["", "x", String(Self.token.dropLast()), Self.token + "x", Self.token.uppercased()] {
            #expect(status(door, .GET, ["Authorization": "Bearer \(wrong)"]) == 401)
            #expect(status(door, .GET, ["Wiremesh-Token": wrong, "Authorization": "Bearer \(Self.token)"]) == 401)
        }
        #expect(status(door, .GET, ["Authorization": "Basic \(Self.token)"]) == 401)
        #expect(status(door, .GET, [:], path: "/healthz") == 200)
        #expect(status(door, .POST, [:], path: "/healthz") == 401)
    }

    @Test func tokenFilesMustBePrivateAndStrong() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        func write(_ text: String, mode: Int) throws {
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        }
        try write("# comment\n\n\(Self.token)\n", mode: 0o600)
        #expect(try BearerTokens(file: file.path).accept(["authorization": "Bearer \(Self.token)"]))
        for (text, mode) in [
            (Self.token, 0o644), (Self.token, 0o660), ("short", 0o600), ("", 0o600), ("has a space in it, is long", 0o600),
        ] {
            try write(text, mode: mode)
            #expect(throws: FrontError.self) { try BearerTokens(file: file.path) }
        }
        #expect(throws: FrontError.self) { try BearerTokens(file: file.path + ".missing") }
    }
}
