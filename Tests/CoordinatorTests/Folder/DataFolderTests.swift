import Foundation
import Testing
import Wire

@testable import Coordinator

@Suite struct DataFolderTests {
    func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    @Test func theFirstStartMakesItPrivate() async throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(temporary.file("deep/data"), create: true)
        let authority = try Authority.open(folder)
        let store = try folder.openStore()
        try await store.transaction([], [.put("a", [1])])
        #expect(try mode(folder.path) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            #expect(try mode(folder.path + "/" + name) == 0o600, "\(name)")
        }
        #expect(try Authority.open(folder).keys.publicKey == authority.keys.publicKey)
        #expect(try Authority.open(folder).identity.publicKey == authority.identity.publicKey)
        #expect(try Authority.open(folder).salt == authority.salt)
        await store.close()
    }

    @Test func aSecondCoordinatorIsRefused() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(temporary.file("data"), create: true)
        #expect(throws: CoordinatorError.self) { try DataFolder(folder.path, create: true) }
        #expect(throws: CoordinatorError.self) { try DataFolder(folder.path + "/", create: false) }
    }

    @Test func theLockGoesWithItsOwner() throws {
        let temporary = try TemporaryFolder()
        do { _ = try DataFolder(temporary.file("data"), create: true) }
        _ = try DataFolder(temporary.file("data"), create: false)
    }

    @Test func aFolderOfAnotherVersionIsRefused() throws {
        let temporary = try TemporaryFolder()
        do { _ = try DataFolder(temporary.file("data"), create: true) }
        try Data("wiremesh coordinator 99\n".utf8).write(to: URL(fileURLWithPath: temporary.file("data/version")))
        #expect(throws: CoordinatorError.self) { try DataFolder(temporary.file("data"), create: true) }
    }

    @Test func commandsMakeNoFolder() throws {
        let temporary = try TemporaryFolder()
        #expect(throws: CoordinatorError.self) { try DataFolder(temporary.file("data"), create: false) }
        #expect(!FileManager.default.fileExists(atPath: temporary.file("data")))
    }

    @Test func aDamagedKeyIsNotReplaced() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(temporary.file("data"), create: true)
        _ = try Authority.open(folder)
        let file = folder.path + "/authority.key"
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
        for length in [0, 1, 40, whole.count - 1] {
            try folder.replace("authority.key", with: Array(whole.prefix(length)))
            #expect(throws: CoordinatorError.self) { try Authority.open(folder) }
            #expect(try folder.read("authority.key", limit: 1_024) == Array(whole.prefix(length)))
        }
    }

    @Test func aClockFarOffIsNoticed() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(temporary.file("data"), create: true)
        let now = UnixTime(seconds: 1_800_000_000)
        #expect(throws: CoordinatorError.self) { try ClockCheck.check(folder, now: UnixTime(seconds: 86_400)) }
        try ClockCheck.check(folder, now: now)
        try ClockCheck.note(folder, now: now)
        try ClockCheck.check(folder, now: UnixTime(seconds: now.seconds - 600))
        #expect(throws: CoordinatorError.self) { try ClockCheck.check(folder, now: UnixTime(seconds: now.seconds - 86_400)) }
        #expect(throws: CoordinatorError.self) { try ClockCheck.check(folder, now: UnixTime(seconds: .max)) }
        try ClockCheck.note(folder, now: UnixTime(seconds: now.seconds - 600))
        #expect(throws: CoordinatorError.self) { try ClockCheck.check(folder, now: UnixTime(seconds: now.seconds - 3_700)) }
    }

    @Test func theSentenceSaysTheDates() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(temporary.file("data"), create: true)
        try ClockCheck.note(folder, now: UnixTime(seconds: 1_709_210_096 + 365 * 86_400))
        do {
            try ClockCheck.check(folder, now: UnixTime(seconds: 951_782_400))
            Issue.record("the year 2000 is long past")
        } catch { #expect(error.description.contains("2000-02-29 00:00 UTC")) }
    }
}
