import Foundation
import Testing
import Transport

@Suite struct PrivateFolderTests {
    /// A path below the temporary folder that nothing stands at; removed at the end of `body`.
    func withPath(_ body: (String) throws -> Void) rethrows {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("folder-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func makesFoldersAndFilesForItsOwnerOnly() throws {
        try withPath { path in
            let folder = try PrivateFolder(path: path + "/deep/down", kind: "worker", version: 1)
            try folder.write("key", [1, 2, 3])
            #expect(try folder.read("key") == [1, 2, 3])
            #expect(try folder.read("other") == nil)
            #expect(try mode(path + "/deep/down") == 0o700)
            for name in ["key", "version", "lock"] { #expect(try mode(path + "/deep/down/" + name) == 0o600) }
            try folder.write("key", [])
            #expect(try folder.read("key") == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["key", "lock", "version"])
            try folder.remove("key")
            try folder.remove("key")
            #expect(try folder.read("key") == nil)
        }
    }

    @Test func oneProcessAtATime() throws {
        try withPath { path in
            var first: PrivateFolder? = try PrivateFolder(path: path, kind: "worker", version: 1)
            #expect(throws: FolderError.self) { try PrivateFolder(path: path, kind: "worker", version: 1) }
            _ = first
            first = nil
            _ = try PrivateFolder(path: path, kind: "worker", version: 1)
        }
    }

    @Test func anotherKindOrVersionIsRefused() throws {
        try withPath { path in
            _ = try PrivateFolder(path: path, kind: "worker", version: 1)
            for (kind, version) in [("coordinator", 1), ("worker", 2)] {
                let error = #expect(throws: FolderError.self) { try PrivateFolder(path: path, kind: kind, version: version) }
                #expect(error?.description.contains("wiremesh worker 1") == true)
            }
            _ = try PrivateFolder(path: path, kind: "worker", version: 1)
        }
    }

    @Test func somebodyElsesFolderIsNotTouched() throws {
        try withPath { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/letter.txt"))
            #expect(throws: FolderError.self) { try PrivateFolder(path: path, kind: "worker", version: 1) }
            #expect(!FileManager.default.fileExists(atPath: path + "/version"))
        }
    }

    @Test func openFoldersAreClosedWhenEmptyAndRefusedOtherwise() throws {
        try withPath { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            _ = try PrivateFolder(path: path, kind: "worker", version: 1)
            #expect(try mode(path) == 0o700)
            try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
            #expect(throws: FolderError.self) { try PrivateFolder(path: path, kind: "worker", version: 1) }
        }
    }

    @Test func aFileIsNoFolder() throws {
        try withPath { path in
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(throws: FolderError.self) { try PrivateFolder(path: path, kind: "worker", version: 1) }
            #expect(throws: FolderError.self) { try PrivateFolder(path: path + "/below", kind: "worker", version: 1) }
        }
    }

    @Test func aFileThatIsTooLongIsNotRead() throws {
        try withPath { path in
            let folder = try PrivateFolder(path: path, kind: "worker", version: 1)
            try folder.write("big", [UInt8](repeating: 7, count: 10_000))
            #expect(try folder.read("big", limit: 10_000)?.count == 10_000)
            #expect(throws: FolderError.self) { try folder.read("big", limit: 9_999) }
        }
    }
}
