import Foundation
import Testing
import Wire

@testable import Coordinator

/// What only a file can do wrong.
@Suite struct SQLiteStoreTests {
    @Test func whatWasAcknowledgedIsThereAfterReopening() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"))
        let revision = try await store.transaction([], [.put("a", [7])])
        // Not closed: as after a crash.
        let again = try SQLiteStore(path: folder.file("s"))
        #expect(try await again.get("a") == StoredValue(bytes: [7], revision: revision))
        #expect(try await again.transaction([], [.put("b", [1])]) > revision)
        await again.close()
        await store.close()
    }

    @Test func aFileOfAnotherVersionIsNotTouched() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"))
        await store.close()
        // The version stands in the file's header, four bytes at 60.
        var file = try Data(contentsOf: URL(fileURLWithPath: folder.file("s")))
        file.replaceSubrange(60..<64, with: [0, 0, 0, 7])
        try file.write(to: URL(fileURLWithPath: folder.file("s")))
        #expect(throws: StoreError.version(found: 7, known: 1)) { try SQLiteStore(path: folder.file("s")) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("s"))) == file)
    }

    @Test func aFileThatIsNoDatabaseIsDamaged() throws {
        let folder = try TemporaryFolder()
        try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: folder.file("s")))
        #expect(throws: StoreError.damaged(folder.file("s"))) { try SQLiteStore(path: folder.file("s")) }
    }

    @Test func aFolderThatIsNotThereIsNotWritable() throws {
        #expect(throws: StoreError.notWritable("/nowhere/s")) { try SQLiteStore(path: "/nowhere/s") }
    }

    @Test func aFullStoreSaysSoAndKeepsWhatItHas() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"), maximumPages: 16)
        try await store.transaction([], [.put("first", [1])])
        await #expect(throws: StoreError.full) {
            try await store.transaction([], [.put("large", [UInt8](repeating: 1, count: 200_000)), .put("other", [1])])
        }
        #expect(try await store.get("first")?.bytes == [1])
        #expect(try await store.get("other") == nil)
        try await store.transaction([], [.put("second", [2])])
        await store.close()
    }

    @Test func tooManyPartsAreRefused() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"))
        let writes = (0...Limits.transaction).map { StoreWrite.put("\($0)", []) }
        await #expect(throws: StoreError.self) { try await store.transaction([], writes) }
        await store.close()
    }
}
