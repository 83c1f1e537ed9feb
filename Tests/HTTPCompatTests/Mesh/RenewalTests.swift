import Coordinator
import Foundation
import Testing
import Transport
import Wire
import Worker

/// Certificates that are due, and certificates whose time is over.
@Suite(.timeLimit(.minutes(2))) struct RenewalTests {
    /// Gives the worker in `path` a certificate that was issued `age` seconds ago for `life`.
    func backdate(_ path: String, _ authority: IdentityKeyPair, age: UInt64, life: UInt64) throws -> Certificate {
        let folder = try IdentityFolder(path: path)
        var credentials = try #require(try folder.credentials())
        let old = try #require(credentials.certificate)
        let subject = Certificate.Subject(
            name: old.name, roles: old.roles, identityKey: old.identityKey, staticKey: old.staticKey, salt: old.salt, features: old.features
        )
        let now = UnixTime.wallClock()
        let certificate = try Certificate.issue(
            subject, serial: old.serial, now: UnixTime(seconds: now.seconds - age), life: life, authority: authority)
        credentials.certificate = certificate
        try folder.store(credentials, coordinators: try folder.coordinators())
        return certificate
    }

    // TOKEN-6.1
    @Test(arguments: [(age: 800, life: 900), (age: 90_000, life: 86_400)] as [(age: UInt64, life: UInt64)])
    func isRenewedAndThenUsed(age: UInt64, life: UInt64) async throws {
        try await TestMesh.with { mesh in
            var first: WorkerNode? = try await mesh.worker("w")
            await first?.shutdown()
            first = nil
            let path = mesh.folder.appendingPathComponent("w").path
            let before = try backdate(path, try mesh.authority(), age: age, life: life)
            let helper = try await mesh.worker("helper", [HostedService("echo", handler: echo)])
            var node: WorkerNode? = try mesh.make(mesh.configuration("w"))
            try await node?.start()
            try await mesh.until { [node] in node?.isRegistered == true }
            #expect(try await node?.unary(serviceHead()).head.servedBy == "helper", "links to others are open to it")
            await node?.shutdown()
            node = nil
            let after = try #require(try IdentityFolder(path: path).credentials()?.certificate)
            #expect(after.expires > before.expires && after.nodeID == before.nodeID)
            await helper.shutdown()
        }
    }
}

extension TestMesh {
    /// The authority's key pair, from the folder of the coordinator.
    func authority() throws -> IdentityKeyPair {
        let file = [UInt8](try Data(contentsOf: folder.appendingPathComponent("coordinator/authority.key")))
        var seed: [UInt8] = []
        try file.decode { bytes throws(WireError) in
            var cursor = TLVCursor()
            while let field = try cursor.next(in: bytes) {
                if field.type == 2 { seed = try bytes.array(field, limit: 32) }
            }
        }
        return try IdentityKeyPair(seed: SecretBytes(seed))
    }
}
