import Foundation
import Testing
import Transport
import Wire

@Suite struct KeyLogTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path

    /// Both ends of a link write the same line, which names the link and its keys.
    @Test func bothEndsWriteTheSameKeys() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try KeyLog(path: path)
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", keyLog: log)
        let client = try mesh.endpoint("client", keyLog: log)
        let target = try await server.serve()
        _ = try await client.connect(to: target)
        let written = try lines()
        #expect(written.count == 2)
        #expect(Set(written).count == 1)
        #expect(written.first?.wholeMatch(of: /WM1_LINK [0-9a-f]{64} [12] [0-9a-f]{64} [0-9a-f]{64}/) != nil)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func refusesAFileThatOthersCanRead() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644]))
        #expect(throws: FolderError.self) { try KeyLog(path: path) }
        #expect(throws: FolderError.self) { try KeyLog(path: FileManager.default.temporaryDirectory.path) }
        #expect(throws: FolderError.self) { try KeyLog(path: path + "/nowhere/keys") }
    }

    private func lines() throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
