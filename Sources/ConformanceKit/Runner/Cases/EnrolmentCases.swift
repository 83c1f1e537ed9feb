import Wire

/// Joining with a token: what a coordinator gives, and to whom not.
enum EnrolmentCases {
    static let all: [ConformanceCase] = given + refused + links + spent

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], needs: Set<Feature> = [],
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("enrol/\(name)", title, clauses, needs: needs.union([.coordinator]), body)
    }

    private static func fresh(_ scene: Scene) throws -> Identity {
        try .fresh(MessageCases.unique("joiner"), bootEpoch: scene.member.bootEpoch)
    }

    private static func ask(_ link: RawLink, _ request: EnrolRequest) throws -> UInt32 {
        try link.call(MeshMethod.enrol, try request.encode())
    }

    private static let given: [ConformanceCase] = [
        one("again", "gives a key that it has admitted its name and id again, at no cost", ["ID-8.2", "TOKEN-4.3"]) { scene in
            var again = scene.member
            again.name = MessageCases.unique("other-name")
            let admitted = try await scene.enrol(again)
            guard admitted.name == scene.member.name, admitted.certified?.nodeID == scene.member.certified?.nodeID else {
                throw Mismatch(expected: "the name and id of before", seen: admitted.name)
            }
        },
        one("static-key", "certifies the static key that the handshake has proven", ["TOKEN-4.6"]) { scene in
            var other = scene.member
            other.staticKey = try StaticKeyPair(secret: SystemRandom.secret())
            _ = try await scene.enrol(other)
        },
        one("roles", "grants no role but worker and client", ["TOKEN-4.4"]) { scene in
            let link = try await scene.joinerLink(scene.member)
            let request = Scene.request(scene.member, hash: link.handshakeHash, roles: [.worker, .coordinator, .relay])
            let answer = try await link.expectAnswer(try ask(link, request))
            guard let roles = try? Certificate(decoding: try EnrolAnswer(answer.body).certificate).roles, roles == .worker else {
                throw Mismatch(expected: "the role worker", seen: "others")
            }
        },
        one("life", "issues certificates that it has signed and that have not expired, for 24 hours", ["ID-5.1", "ID-7.1"]) { scene in
            let joiner = try fresh(scene)
            let link = try await scene.joinerLink(joiner)
            let answer = try await link.expectAnswer(try ask(link, Scene.request(joiner, hash: link.handshakeHash)))
            guard let certificate = try? Certificate(decoding: RawTLV(splitting: answer.body)[2] ?? []),
                (try? certificate.verify(authority: scene.authority)) != nil
            else { throw Mismatch(expected: "a certificate with the signature of the mesh's authority", seen: "none") }
            guard certificate.expires > .current else { throw Mismatch(expected: "one that has not expired", seen: "one that has") }
            let life = certificate.expires.seconds - min(certificate.expires.seconds, certificate.issuedAt.seconds)
            guard life == Limits.certificateLife else {
                throw Shortfall(expected: "a life of \(Limits.certificateLife) s", seen: "\(life) s")
            }
        },
    ]

    private static func refusal(
        _ name: String, _ title: String, _ clauses: [String], _ code: ErrorCode,
        _ request: @escaping @Sendable (Scene, Identity, Bytes32) throws -> EnrolRequest
    ) -> ConformanceCase {
        one(name, "refuses \(title)", clauses) { scene in
            let joiner = try fresh(scene)
            let link = try await scene.joinerLink(joiner)
            try await link.expectReset(try ask(link, try request(scene, joiner, link.handshakeHash)), code)
        }
    }

    private static func unreadable(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (inout RawTLV) -> Void
    ) -> ConformanceCase {
        one("request-\(name)", "refuses a request \(title)", clauses + ["MSG-1.4"]) { scene in
            let joiner = try fresh(scene)
            let link = try await scene.joinerLink(joiner)
            var fields = RawTLV(splitting: try Scene.request(joiner, hash: link.handshakeHash).encode())
            edit(&fields)
            try await link.expectReset(try link.call(MeshMethod.enrol, fields.encoded), .badRequest)
        }
    }

    private static let refused: [ConformanceCase] = [
        refusal("bad-signature", "a request whose signature does not verify", ["TOKEN-4.1"], .authentication) { _, joiner, hash in
            var request = Scene.request(joiner, hash: hash)
            request.signature[7] ^= 1
            return request
        },
        refusal("other-handshake", "a signature for another handshake", ["TOKEN-4.1"], .authentication) { _, joiner, _ in
            Scene.request(joiner, hash: Bytes32())
        },
        refusal("other-name-signed", "a signature for another name", ["TOKEN-4.1"], .authentication) { _, joiner, hash in
            var request = Scene.request(joiner, hash: hash)
            request.name += "x"
            return request
        },
        refusal("other-key", "a request for a key that has not signed it", ["TOKEN-4.1"], .authentication) { scene, joiner, hash in
            var request = Scene.request(joiner, hash: hash)
            request.identityKey = scene.member.keys.publicKey
            return request
        },
        refusal("name-taken", "a name that belongs to another key", ["ID-8.1"], .nameTaken) { scene, joiner, hash in
            Scene.request(joiner, name: scene.member.name, hash: hash)
        },
        refusal("coordinator-name", "a name of coordinators", ["TOKEN-4.5"], .badRequest) { _, joiner, hash in
            Scene.request(joiner, name: "coordinator-1", hash: hash)
        },
        refusal("no-role", "a request for no role", ["TOKEN-4.4"], .badRequest) { _, joiner, hash in
            Scene.request(joiner, hash: hash, roles: [])
        },
        refusal("coordinator-role", "a request for the role of a coordinator", ["TOKEN-4.4"], .badRequest) { _, joiner, hash in
            Scene.request(joiner, hash: hash, roles: [.coordinator])
        },
        unreadable("no-name", "without a name", ["CONV-3.6"]) { $0[2] = nil },
        unreadable("empty-name", "with an empty name", ["CONV-4.9"]) { $0[2] = [] },
        unreadable("bad-name", "whose name is none", ["CONV-4.9", "ID-4.1"]) { $0[2] = Array("a b".utf8) },
        unreadable("long-name", "whose name has 129 bytes", ["CONV-4.3", "ID-4.1"]) { $0[2] = [UInt8](repeating: 0x61, count: 129) },
        unreadable("short-key", "with a key of 31 bytes", ["CONV-4.1"]) { $0[4]?.removeLast() },
        unreadable("short-signature", "with a signature of 63 bytes", ["CONV-4.3"]) { $0[10]?.removeLast() },
        unreadable("unknown-even", "with an unknown even field", ["CONV-3.4"]) { $0[12] = [1] },
        unreadable("backwards", "in the wrong order", ["CONV-3.2"]) { $0.fields.reverse() },
    ]

    private static let links: [ConformanceCase] = [
        one("nothing-else", "lets a joiner call nothing but mesh.enrol and mesh.ping", ["TOKEN-3.3"]) { scene in
            let link = try await scene.joinerLink(try fresh(scene))
            for method in [MeshMethod.list, MeshMethod.register, MeshMethod.discover, MeshMethod.watch, MeshMethod.renew] {
                try await link.expectRefused(try link.call(method), .permissionDenied)
            }
            try await link.expectService()
        },
        one("wrong-secret", "meets a wrong secret with silence", ["TOKEN-3.2", "HS-3.2"]) { scene in
            var token = scene.token
            token.secret = SystemRandom.secret()
            let wrong = token
            let halfway = try await scene.halfway { $0.token = wrong }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        },
        one("with-certificate", "closes on an enrolment with a certificate", ["HS-7.4"]) { scene in
            let certificate = scene.member.certificate
            let halfway = try await scene.halfway {
                $0.token = scene.token
                $0.edits.payload = { $0[10] = certificate }
            }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        },
        one("token-id-altered", "binds the handshake to the token's id", ["HS-3.1", "TOKEN-3.2"]) { scene in
            let connection = try await scene.dial()
            let initiator = try RawInitiator(
                try scene.approach {
                    $0.token = scene.token
                    $0.edits.preface = { flipped($0, at: -1) }
                })
            connection.send(try initiator.firstFlight())
            try await connection.expectSilentClose(within: scene.patience)
        },
    ]

    private static func spent(_ feature: Feature, _ name: String, _ title: String, _ code: ErrorCode) -> ConformanceCase {
        one("token-\(name)", "refuses a token \(title), by name", ["TOKEN-4.2"], needs: [feature]) { scene in
            guard let token = scene.spentTokens[feature] else { throw Lacking(what: feature.rawValue) }
            let joiner = try fresh(scene)
            let link = try await scene.joinerLink(joiner, token: token)
            try await link.expectReset(try ask(link, Scene.request(joiner, hash: link.handshakeHash)), code)
        }
    }

    private static let spent: [ConformanceCase] = [
        spent(.usedToken, "used", "whose uses are spent", .tokenUsedUp), spent(.revokedToken, "revoked", "that was revoked", .revoked),
        spent(.expiredToken, "expired", "that has expired", .expired),
    ]
}
