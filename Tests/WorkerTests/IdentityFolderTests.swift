import Foundation
import Testing
import Wire
import Worker

@Suite struct IdentityFolderTests {
    func withPath(_ body: (String) throws -> Void) rethrows {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("identity-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    func credentials(_ byte: UInt8) throws -> NodeCredentials {
        NodeCredentials(
            identity: try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: byte, count: 32))),
            staticKey: try StaticKeyPair(secret: SecretBytes([UInt8](repeating: byte &+ 1, count: 32))), authority: IdentityKey())
    }

    @Test func keepsIdentityAndCoordinators() throws {
        try withPath { path in
            let stored = try credentials(5)
            let places = [Endpoint(host: "10.0.0.1", port: 7700), Endpoint(host: "::1", port: 7700)]
            do {
                let folder = try IdentityFolder(path: path)
                #expect(try folder.credentials() == nil)
                #expect(try folder.coordinators() == [])
                try folder.store(stored, coordinators: places)
            }
            let folder = try IdentityFolder(path: path)
            let read = try #require(try folder.credentials())
            #expect(read.identity.publicKey == stored.identity.publicKey && read.staticKey.publicKey == stored.staticKey.publicKey)
            #expect(try folder.coordinators() == places)
        }
    }

    // ID-8.3
    @Test func startsAreCounted() throws {
        try withPath { path in
            for start in 1...3 as ClosedRange<UInt32> {
                let boot = try IdentityFolder(path: path).countStart(nonce: 9)
                #expect(boot.starts == start && boot.nonce == 9)
            }
        }
    }

    @Test(arguments: ["", "x", "-1", "99999999999999", "4294967295"]) func aDamagedCounterIsReported(text: String) throws {
        try withPath { path in
            _ = try IdentityFolder(path: path).countStart(nonce: 1)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/starts"))
            #expect { try IdentityFolder(path: path).countStart(nonce: 1) } throws: { "\($0)".contains("damaged") }
        }
    }

    @Test func aDamagedIdentityIsReported() throws {
        try withPath { path in
            let folder = try IdentityFolder(path: path)
            for bytes in [[], [1, 2, 3], [UInt8](repeating: 0xFF, count: 4_000), [UInt8](repeating: 0, count: 5_000)] as [[UInt8]] {
                try Data(bytes).write(to: URL(fileURLWithPath: path + "/identity"))
                #expect(throws: WorkerError.self) { try folder.credentials() }
            }
        }
    }

    @Test func oneProcessAtATime() throws {
        try withPath { path in
            let first = try IdentityFolder(path: path)
            #expect { try IdentityFolder(path: path) } throws: { ($0 as? WorkerError)?.kind == .usage }
            withExtendedLifetime(first) {}
        }
    }
}
