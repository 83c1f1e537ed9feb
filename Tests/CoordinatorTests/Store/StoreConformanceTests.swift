import Foundation
import Testing
import Wire

@testable import Coordinator

/// What every store must do. A new kind of store is one more case of `Kind`.
@Suite struct StoreConformanceTests {
    enum Kind: CaseIterable, Sendable { case memory, sqlite }

    static func make(_ kind: Kind) throws -> (any Store, TemporaryFolder) {
        let folder = try TemporaryFolder()
        return switch kind {
        case .memory: (MemoryStore(), folder)
        case .sqlite: (try SQLiteStore(path: folder.file("store.sqlite")), folder)
        }
    }

    @Test(arguments: Kind.allCases) func whatIsPutIsThere(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        #expect(try await store.get("a") == nil)
        let revision = try await store.transaction([], [.put("a", [1, 2]), .put("b", [])])
        #expect(try await store.get("a") == StoredValue(bytes: [1, 2], revision: revision))
        #expect(try await store.get("b") == StoredValue(bytes: [], revision: revision))
        await store.close()
    }

    @Test(arguments: Kind.allCases) func revisionsRise(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        var last: UInt64 = 0
        for number in 0..<5 {
            let revision = try await store.transaction([], [.put("a", [UInt8(number)])])
            #expect(revision > last)
            last = revision
        }
        #expect(try await store.get("a") == StoredValue(bytes: [4], revision: last))
        await store.close()
    }

    @Test(arguments: Kind.allCases) func aPrefixListsInTheOrderOfBytes(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        let keys = ["a/B", "a/a", "a/_", "a/%", "A/x", "a", "b/a", "a/~", "a0"]
        try await store.transaction([], keys.map { .put($0, Array($0.utf8)) })
        #expect(try await store.list(prefix: "a/").map(\.key) == ["a/%", "a/B", "a/_", "a/a", "a/~"])
        #expect(try await store.list(prefix: "a/_").map(\.key) == ["a/_"])
        #expect(try await store.list(prefix: "none").isEmpty)
        #expect(try await store.list(prefix: "").count == keys.count)
        #expect(try await store.list(prefix: "b").first?.value.bytes == Array("b/a".utf8))
        await store.close()
    }

    @Test(arguments: Kind.allCases) func deletingIsForGood(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        try await store.transaction([], [.put("a", [1])])
        try await store.transaction([], [.delete("a"), .delete("never")])
        #expect(try await store.get("a") == nil)
        await store.close()
    }

    @Test(arguments: Kind.allCases) func conditionsHoldOrNothingHappens(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        let first = try await store.transaction([.absent("a")], [.put("a", [1])])
        await #expect(throws: StoreError.conflict) { try await store.transaction([.absent("a")], [.put("a", [2]), .put("b", [2])]) }
        #expect(try await store.get("b") == nil)
        let second = try await store.transaction([.unchanged("a", since: first)], [.put("a", [2])])
        await #expect(throws: StoreError.conflict) { try await store.transaction([.unchanged("a", since: first)], [.put("a", [3])]) }
        await #expect(throws: StoreError.conflict) {
            try await store.transaction([.unchanged("a", since: second), .absent("a")], [.delete("a")])
        }
        await #expect(throws: StoreError.conflict) { try await store.transaction([.unchanged("b", since: second)], [.put("b", [1])]) }
        #expect(try await store.get("a") == StoredValue(bytes: [2], revision: second))
        try await store.transaction([], [.delete("a")])
        await #expect(throws: StoreError.conflict) { try await store.transaction([.unchanged("a", since: second)], []) }
        try await store.transaction([.absent("a")], [.put("a", [4])])
        await store.close()
    }

    /// Of many who count with compare-and-set, nobody's step is lost.
    @Test(arguments: Kind.allCases) func nobodysStepIsLost(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        try await store.transaction([], [.put("n", [0, 0])])
        let (tasks, steps) = (8, 25)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<steps { try await Self.count(store) }
                }
            }
            try await group.waitForAll()
        }
        let value = try #require(try await store.get("n")).bytes
        #expect(Int(value[0]) * 256 + Int(value[1]) == tasks * steps)
        await store.close()
    }

    private static func count(_ store: any Store) async throws {
        while true {
            guard let old = try await store.get("n") else { return }
            let next = Int(old.bytes[0]) * 256 + Int(old.bytes[1]) + 1
            do {
                let write = StoreWrite.put("n", [UInt8(next / 256), UInt8(next % 256)])
                try await store.transaction([.unchanged("n", since: old.revision)], [write])
                return
            } catch StoreError.conflict { continue }
        }
    }

    @Test(arguments: Kind.allCases) func aLargeValueComesBackWhole(kind: Kind) async throws {
        let (store, _) = try Self.make(kind)
        let bytes = (0..<Limits.record).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await store.transaction([], [.put("large", bytes)])
        #expect(try await store.get("large")?.bytes == bytes)
        await store.close()
    }
}
