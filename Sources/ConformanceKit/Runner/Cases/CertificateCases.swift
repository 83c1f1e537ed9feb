import Wire

/// Certificates that are not what they seem.
enum CertificateCases {
    static let all: [ConformanceCase] = altered + foreign + forged

    private static let fields: [(UInt16, String)] = [
        (2, "mesh-id"), (4, "node-id"), (6, "name"), (8, "roles"), (10, "identity-key"), (12, "static-key"), (14, "salt"), (16, "serial"),
        (18, "issued-at"), (20, "expires"), (22, "features"), (0xfffe, "signature"),
    ]

    private static let altered: [ConformanceCase] = fields.map { type, name in
        PayloadCases.refused("certificate-altered-\(name)", "whose certificate had its \(name) altered", ["HS-7.1", "ID-6.2"]) {
            payload, _ in
            var certificate = RawTLV(splitting: payload[10] ?? [])
            certificate[type]?[0] ^= type == 6 ? 1 : 0x10
            payload[10] = certificate.encoded
        }
    }

    private static let foreign: [ConformanceCase] = [
        PayloadCases.refused("certificate-none-at-all", "with an empty certificate", ["CONV-3.6", "HS-7.4"]) { payload, _ in
            payload[10] = []
        },
        PayloadCases.refused("certificate-of-another", "with the certificate of another member", ["ID-6.4", "HS-7.1"]) { payload, scene in
            guard let other = scene.other else { throw NotGiven(what: "a token with two uses or more") }
            payload[10] = other.certificate
        },
        ConformanceCase(
            "payload/certificate-of-the-target", "closes on a payload 3 with the target's own certificate, without a byte",
            ["ID-6.4", "HS-7.1"]
        ) { scene in
            var own: [UInt8] = []
            let halfway = try await scene.halfway { $0.edits.payload = { $0[10] = own } }
            own = halfway.initiator.peer?.certificate?.encoded ?? []
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        },
        PayloadCases.refused("certificate-other-mesh", "with a certificate of another mesh", ["ID-6.1", "HS-7.1"]) { payload, scene in
            payload[10] = try OwnAuthority().certify(scene.member).certificate
        },
        PayloadCases.refused("certificate-self-signed", "whose certificate claims the mesh and is signed by somebody else", ["ID-6.2"]) {
            payload, scene in
            var certificate = RawTLV(splitting: try OwnAuthority().certify(scene.member).certificate)
            certificate[2] = scene.meshID.bytes
            payload[10] = certificate.encoded
        },
        PayloadCases.refused("certificate-truncated", "whose certificate ends within its signature", ["CONV-3.5"]) { payload, _ in
            payload[10]?.removeLast()
        },
        PayloadCases.refused("certificate-unsigned", "whose certificate has no signature", ["CONV-3.6", "ID-6.2"]) { payload, _ in
            payload[10]?.removeLast(68)
        },
        PayloadCases.refused("certificate-trailing", "with a field behind the certificate's signature", ["ID-5.2"]) { payload, _ in
            payload[10]? += [0xff, 0xff, 0, 0]
        },
        PayloadCases.refused("certificate-oversize", "with a certificate of more than 1,024 bytes", ["ID-5.3"]) { payload, _ in
            payload[10] = [0, 1] + be16(1_100) + [UInt8](repeating: 0, count: 1_100) + (payload[10] ?? [])
        },
        PayloadCases.refused("certificate-unknown-even", "whose certificate has an unknown even field", ["CONV-3.4"]) { payload, _ in
            var certificate = RawTLV(splitting: payload[10] ?? [])
            certificate[24] = [1]
            payload[10] = certificate.encoded
        },
    ]

    /// With the authority's seed, certificates that are signed as they should be and are wrong nevertheless.
    private static let forged: [ConformanceCase] = [
        ConformanceCase(
            "certificate/recombined-keys", "refuses a certificate for another static key than the proven one", ["ID-6.4", "HS-7.1"],
            needs: [.authority]
        ) { scene in
            guard let forger = scene.forger else { return }
            var mixed = scene.member
            mixed.staticKey = try StaticKeyPair(secret: SystemRandom.secret())
            let certificate = try forger.certify(mixed).certificate
            let halfway = try await scene.halfway { $0.edits.payload = { $0[10] = certificate } }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        },
        ConformanceCase(
            "certificate/expired", "tells a member whose certificate has expired, after message 3", ["HS-9.1", "HS-9.3"],
            needs: [.authority, .worker]
        ) { scene in
            let link = try await expired(scene)
            try await link.expectGoAway(.expired)
        },
        ConformanceCase(
            "certificate/expired-renews", "renews an expired certificate", ["HS-9.4", "ID-7.4"],
            needs: [.authority, .coordinator]
        ) { scene in
            let link = try await expired(scene)
            let stream = try link.call(MeshMethod.renew, try RenewRequest(features: []).encode())
            let answer = try EnrolAnswer(try await link.expectAnswer(stream).body)
            try Certificate(decoding: answer.certificate).verify(authority: scene.authority)
        },
        ConformanceCase(
            "certificate/expired-nothing-else", "lets a member whose certificate has expired do nothing but renew it",
            ["HS-9.4", "ID-7.4"], needs: [.authority, .coordinator]
        ) { scene in
            let link = try await expired(scene)
            let stream = try link.call(MeshMethod.list)
            try await link.expectRefused(stream, .expired)
        },
        ConformanceCase(
            "certificate/wrong-node-id", "refuses a certificate whose node id does not follow from key and salt", ["ID-6.3"],
            needs: [.authority]
        ) { scene in
            guard let forger = scene.forger else { return }
            var certificate = RawTLV(splitting: try forger.certify(scene.member).certificate)
            certificate[4] = SystemRandom.bytes(32)
            certificate[0xfffe] = nil
            let body = certificate.encoded
            certificate[0xfffe] = forger.keys.sign(.certificate, body)
            let forged = certificate.encoded
            let halfway = try await scene.halfway { $0.edits.payload = { $0[10] = forged } }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        },
    ]

    /// A link of a member whose certificate is two days old.
    static func expired(_ scene: Scene) async throws -> RawLink {
        guard let forger = scene.forger else { throw NotGiven(what: "--authority") }
        let yesterday = UnixTime(seconds: UnixTime.current.seconds - 2 * Limits.certificateLife)
        let old = try forger.certify(try .fresh("expired-\(UInt32.random(in: 0 ... .max))", bootEpoch: 1 << 32), now: yesterday)
        return try await scene.link { $0.identity = old }
    }
}
