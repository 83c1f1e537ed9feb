import Foundation
import Testing
import Transport
import Wire

/// What a node keeps of its contacts.
@Suite struct ContactsFileTests {
    private static func withFolder(_ body: (PrivateFolder) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("contacts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(try PrivateFolder(path: path, kind: "worker", version: 1))
    }

    private static func contacts(_ count: Int) throws -> [Contact] {
        let identity = try IdentityKeyPair(seed: SystemRandom.secret())
        return try (0..<count).map { number in
            let id = try #require(Bytes32(SystemRandom.bytes(32)))
            let endpoints = [Endpoint(host: "10.0.0.\(number % 250)", port: 7_700), Endpoint(host: "node.example", port: 1)]
            return try Contact(nodeID: id, staticKey: id, endpoints: endpoints, sequence: UInt64(number)).signed(by: identity)
        }
    }

    @Test func whatIsWrittenIsReadForTheOwnerOnly() throws {
        try Self.withFolder { folder in
            let file = ContactsFile(folder)
            #expect(try file.read().isEmpty)
            let contacts = try Self.contacts(300)
            try file.write(contacts)
            #expect(try file.read() == Array(contacts.prefix(ContactsFile.most)))
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/contacts")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            try file.write([])
            #expect(try file.read().isEmpty)
        }
    }

    /// Not one byte may be another, and none may be missing.
    @Test func whatIsNotWholeIsRefusedWithOneSentence() throws {
        try Self.withFolder { folder in
            let file = ContactsFile(folder)
            try file.write(try Self.contacts(3))
            let good = try #require(try folder.read("contacts"))
            var bad = [[], [1, 2, 3], Array(good.dropLast()), Array(good.dropFirst()), good + [0], Array("wiremesh contacts 2\n".utf8)]
            bad += good.indices.map { position in good.enumerated().map { $0 == position ? $1 ^ 1 : $1 } }
            for bytes in bad {
                try folder.write("contacts", bytes)
                let error = #expect(throws: FolderError.self) { try file.read() }
                #expect(error?.description.contains("remove it") == true && error?.description.contains("\n") == false)
            }
        }
    }
}
