import FuzzKit
import Wire

@testable import Coordinator

extension FuzzTarget {
    /// What comes over the control socket, and what the store holds.
    static let control = FuzzTarget("Control", seeds: try ControlSeeds.all()) { input in
        switch input.byte() % 6 {
        case 0: FuzzMessages.check(AdminRequest.self, input.rest())
        case 1: FuzzMessages.check(AdminAnswer.self, input.rest())
        case 2: FuzzMessages.check(TokenView.self, input.rest())
        case 3: FuzzMessages.check(Member.self, input.rest())
        case 4: FuzzMessages.check(Token.self, input.rest())
        default: FuzzMessages.check(StoredWorker.self, input.rest())
        }
    }
}

private enum ControlSeeds {
    static func all() throws -> [[UInt8]] {
        var request = TokenRequest()
        request.name = "gpus"
        request.addresses = FuzzMesh.token.endpoints
        let key = FuzzMesh.authority.publicKey
        let token = Token(
            id: FuzzMesh.token.id, secret: FuzzMesh.secret(1), label: "gpus", createdAt: FuzzMesh.now, expires: FuzzMesh.now + 60, uses: 2,
            users: [key])
        let member = Member(
            identityKey: key, nodeID: key, name: "a", salt: [UInt8](repeating: 1, count: 16), roles: .worker, serial: 1,
            expires: FuzzMesh.now)
        var http = HTTPRegistration(workerID: "w", tunnelURL: "http://10.0.0.1:80")
        http.servicesJSON = "[]"
        let messages: [[(UInt8, any WireMessage)]] = [
            [
                (0, AdminRequest.createToken(request)), (0, AdminRequest.listTokens), (0, AdminRequest.revokeToken("ab")),
                (0, AdminRequest.revoke(worker: "a", releaseName: true)), (0, AdminRequest.drain(worker: "a")),
            ],
            [
                (1, AdminAnswer.done), (1, AdminAnswer.token("wmj1_")), (1, AdminAnswer.tokens([TokenView(token, now: FuzzMesh.now)])),
                (1, AdminAnswer.failed(.notFound("no such token"))),
            ],
            [
                (2, TokenView(token, now: FuzzMesh.now)), (3, member), (4, token),
                (5, StoredWorker(record: WorkerRecord(name: "w"), registeredAt: 1, http: http)),
            ],
        ]
        return try messages.flatMap { $0 }.map { [$0.0] + (try $0.1.encode()) }
    }
}
