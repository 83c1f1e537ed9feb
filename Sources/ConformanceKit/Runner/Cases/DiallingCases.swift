import Wire

/// How a target dials: its side of the handshake, and whom it does not speak to.
enum DiallingCases {
    static let all: [ConformanceCase] = first + lies + bytes + certificates + enrolment

    static func one(
        _ name: String, _ title: String, _ clauses: [String], _ body: @escaping @Sendable (Stage) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(dialling: "dial/\(name)", title, clauses, body)
    }

    // MARK: As it should be

    private static let first: [ConformanceCase] = [
        one("first-flight", "begins with a preface, its token's id, message 1 and mac1", ["HS-2.2", "HS-3.1", "HS-4.1"]) { stage in
            guard try await stage.arrival().isEnrolment else { throw Mismatch(expected: "an enrolment", seen: "a link of a member") }
        },
        one("waits-for-message-2", "sends nothing behind mac1 until it has message 2", ["HS-4.3"]) { stage in
            let arrival = try await stage.arrival(enrolment: true)
            try await arrival.connection.expectSilence(for: .milliseconds(400))
        },
        one("joins", "enrols with its token, and a signature that verifies", ["TOKEN-3.1", "TOKEN-4.1", "HS-3.2", "HS-7.4"]) { stage in
            _ = try await stage.joining()
        },
        one("message-2-in-pieces", "reads a message 2 that comes byte by byte", ["HS-8.5"]) { stage in
            var arrival = try await stage.arrival(enrolment: true)
            try await arrival.connection.send(pieces: try arrival.responder.answer().map { [$0] }, pause: .milliseconds(1))
            try await arrival.responder.readLast(&arrival.inbox, authority: stage.authority.keys.publicKey, within: stage.patience)
        },
        one("links", "links as a member with the certificate that it got", ["HS-7.1", "TOKEN-5.1"]) { stage in
            let certificate = try await stage.enrol()
            var arrival = try await stage.arrival(enrolment: false)
            arrival.connection.send(try arrival.responder.answer())
            try await arrival.responder.readLast(&arrival.inbox, authority: stage.authority.keys.publicKey, within: stage.patience)
            guard arrival.responder.peer?.certificate?.encoded == certificate.encoded else {
                throw Mismatch(expected: "the certificate that was issued", seen: "another")
            }
        },
        one("suite-1", "uses suite 1 towards a node that is not known to have AES", ["HS-2.3"]) { stage in
            try await stage.enrol()
            guard try await stage.arrival(enrolment: false).responder.preface[5] == Suite.chaChaPoly.rawValue else {
                throw Mismatch(expected: "suite 1", seen: "another")
            }
        },
        one("boot-epoch", "counts its starts in the upper half of its boot epoch", ["ID-8.3"]) { stage in
            let link = try await stage.linked()
            guard link.peer.bootEpoch >> 32 >= 1 else { throw Mismatch(expected: "a start count of 1 or more", seen: "0") }
        },
        one("gives-up", "gives up on a responder that does not answer, after 5 s", ["HS-8.3"]) { stage in
            try await stage.arrival(enrolment: true).connection.expectSilentClose(within: .seconds(6) + stage.patience)
        },
        one("fresh-ephemeral", "draws a new ephemeral key for each handshake", ["HS-3.4"]) { stage in
            let one = try await stage.arrival(enrolment: true)
            one.connection.close()
            guard try await stage.arrival(enrolment: true).responder.ephemeral != one.responder.ephemeral else {
                throw Mismatch(expected: "another ephemeral key", seen: "the one of the handshake before")
            }
        },
    ]

    // MARK: Message 2

    /// The target ends the handshake without message 3.
    private static func gaveUp(
        _ name: String, _ title: String, _ clauses: [String], as identity: (@Sendable (Stage) throws -> Identity)?,
        edits: @escaping @Sendable (Stage) -> RawResponder.Edits
    ) -> ConformanceCase {
        one(name, "sends no message 3 to a responder \(title)", clauses + ["HS-8.6"]) { stage in
            let arrival = try await stage.arrival(as: try identity?(stage), edits(stage))
            arrival.connection.send(try arrival.responder.answer())
            try await arrival.connection.expectSilentClose(within: stage.patience + .seconds(5))
        }
    }

    /// Because of the fields of payload 2.
    private static func lie(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (inout RawTLV, Stage) -> Void
    ) -> ConformanceCase {
        gaveUp(name, title, clauses, as: nil) { stage in
            var edits = RawResponder.Edits()
            edits.payload = { edit(&$0, stage) }
            return edits
        }
    }

    /// Because of the bytes of message 2.
    private static func bad(
        _ name: String, _ title: String, _ clauses: [String], _ answer: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) -> ConformanceCase {
        gaveUp(name, title, clauses, as: nil) { _ in
            var edits = RawResponder.Edits()
            edits.answer = answer
            return edits
        }
    }

    /// Because of who answers.
    private static func stranger(
        _ name: String, _ title: String, _ clauses: [String], _ identity: @escaping @Sendable (Stage) throws -> Identity
    ) -> ConformanceCase {
        gaveUp(name, title, clauses, as: identity) { _ in RawResponder.Edits() }
    }

    private static func taken(_ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (inout RawTLV) -> Void)
        -> ConformanceCase
    {
        one(name, "goes on with a responder \(title)", clauses) { stage in
            var edits = RawResponder.Edits()
            edits.payload = edit
            var arrival = try await stage.arrival(edits)
            arrival.connection.send(try arrival.responder.answer())
            try await arrival.responder.readLast(&arrival.inbox, authority: stage.authority.keys.publicKey, within: stage.patience)
        }
    }

    private static let lies: [ConformanceCase] =
        [("major", 4, UInt8(2)), ("suite", 5, 2), ("pattern", 6, 1), ("flags", 7, 1)].map {
            (name: String, index: Int, value: UInt8) -> ConformanceCase in
            lie("preface-\(name)", "that saw another \(name) in the preface", ["HS-6.1"]) { fields, _ in fields[2]?[index] = value }
        }
        + [(2, "preface"), (4, "majors"), (6, "suites"), (8, "parameters"), (10, "certificate")].map {
            (type: UInt16, name: String) -> ConformanceCase in
            lie("without-\(name)", "that leaves \(name) out", [type == 10 ? "HS-7.1" : "CONV-3.6"]) { fields, _ in fields[type] = nil }
        } + [
            lie("majors-other", "that does not speak version 1", ["HS-6.2"]) { fields, _ in fields[4] = [2] },
            lie("suites-other", "that does not name the suite in use", ["HS-6.3"]) { fields, _ in fields[6] = [2] },
            lie("suites-descending", "whose suites do not ascend", ["CONV-4.14"]) { fields, _ in fields[6] = [2, 1] },
            lie("unknown-even", "with an unknown even field in payload 2", ["CONV-3.4"]) { fields, _ in fields[12] = [1] },
            lie("twice", "with a field twice in payload 2", ["CONV-3.2"]) { fields, _ in fields.fields.insert(fields.fields[1], at: 1) },
            lie("backwards", "whose payload 2 is in the wrong order", ["CONV-3.2"]) { fields, _ in fields.fields.reverse() },
            lie("short-parameters", "whose parameters end within a field", ["CONV-3.5"]) { fields, _ in fields[8]?.removeLast() },
            taken("unknown-odd", "with unknown odd fields in payload 2", ["CONV-3.3"]) { fields in
                for type: UInt16 in [1, 3, 11, 0xffff] { fields[type] = [1, 2] }
            },
            taken("majors-higher", "that also speaks a higher version", ["HS-6.2"]) { $0[4] = [1, 2, 7] },
            taken("suites-unknown", "that also has suites nobody knows", ["HS-6.3"]) { $0[6] = [1, 2, 77] },
        ]

    private static let bytes: [ConformanceCase] =
        [("key", 0), ("key-tag", 70), ("payload", 90), ("tag", -1)].map { (name: String, place: Int) -> ConformanceCase in
            bad("altered-\(name)", "whose message 2 was altered", ["HS-8.6"]) { flipped($0, at: place) }
        } + [
            bad("random", "that sends random bytes", ["HS-8.6"]) { SystemRandom.bytes($0.count) },
            bad("empty", "whose message 2 is empty", ["HS-8.6"]) { _ in [] },
            bad("short", "whose message 2 lacks a byte", ["HS-8.6"]) { Array($0.dropLast()) },
            bad("long", "whose message 2 has a byte too many", ["HS-8.6"]) { $0 + [0] },
            bad("oversize", "whose message 2 is longer than 4,096 bytes", ["HS-8.2"]) { _ in SystemRandom.bytes(4_097) },
            bad("low-order-zero", "whose ephemeral key is zero", ["HS-3.3"]) { [UInt8](repeating: 0, count: 32) + $0.dropFirst(32) },
            bad("low-order-one", "whose ephemeral key has a small order", ["HS-3.3"]) {
                [1] + [UInt8](repeating: 0, count: 31) + $0.dropFirst(32)
            },
            one("other-prologue", "sends no message 3 to a responder that mixes another prologue in", ["HS-3.1", "HS-8.6"]) { stage in
                try await stage.enrol()
                var edits = RawResponder.Edits()
                edits.prologue = { flipped($0, at: 0) }
                let arrival = try await stage.arrival(enrolment: false, edits)
                arrival.connection.send(try arrival.responder.answer())
                try await arrival.connection.expectSilentClose(within: stage.patience + .seconds(5))
            },
            one("http", "gives up on a server of another protocol", ["HS-8.2"]) { stage in
                let arrival = try await stage.arrival(enrolment: true)
                arrival.connection.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
                try await arrival.connection.expectSilentClose(within: stage.patience)
            },
        ]

    // MARK: Certificates

    @Sendable private static func ofAnotherMesh(_ stage: Stage) throws -> Identity {
        try OwnAuthority().certify(stage.coordinator, roles: .coordinator)
    }

    @Sendable private static func worker(_ stage: Stage) throws -> Identity {
        try stage.authority.certify(stage.coordinator, roles: .worker)
    }

    @Sendable private static func expired(_ stage: Stage) throws -> Identity {
        let past = UnixTime(seconds: UnixTime.current.seconds - 100_000)
        return try stage.authority.certify(stage.coordinator, roles: .coordinator, now: past, life: 3_600)
    }

    @Sendable private static func recombined(_ stage: Stage) throws -> Identity {
        var other = stage.coordinator
        other.staticKey = try StaticKeyPair(secret: SystemRandom.secret())
        return other
    }

    private static let certificates: [ConformanceCase] = [
        stranger("certificate-other-mesh", "of another mesh", ["ID-6.1", "TOKEN-3.1"], ofAnotherMesh),
        stranger("certificate-of-a-worker", "that is no coordinator", ["HS-7.2"], worker),
        stranger("certificate-expired", "whose certificate has expired", ["HS-7.3"], expired),
        stranger("certificate-recombined", "whose certificate is for another static key", ["ID-6.4"], recombined),
        lie("certificate-altered", "whose certificate was altered", ["ID-6.2"]) { fields, _ in
            var certificate = RawTLV(splitting: fields[10] ?? [])
            certificate[8] = [0, 0, 0, 3]
            fields[10] = certificate.encoded
        },
        lie("certificate-node-id", "whose node id does not follow from key and salt", ["ID-6.3"]) { fields, stage in
            var certificate = RawTLV(splitting: fields[10] ?? [])
            certificate[4] = SystemRandom.bytes(32)
            certificate[0xfffe] = nil
            certificate[0xfffe] = stage.authority.keys.sign(.certificate, certificate.encoded)
            fields[10] = certificate.encoded
        },
        lie("certificate-trailing", "with a field behind its certificate's signature", ["ID-5.2"]) { fields, _ in
            fields[10]? += [0xff, 0xff, 0, 0]
        },
        one("member-certificate-of-a-worker", "sends no message 3 as a member to one that is no coordinator", ["HS-7.2", "HS-8.6"]) {
            stage in
            try await stage.enrol()
            let worker = try stage.authority.certify(stage.coordinator, roles: .worker)
            let arrival = try await stage.arrival(enrolment: false, as: worker)
            arrival.connection.send(try arrival.responder.answer())
            try await arrival.connection.expectSilentClose(within: stage.patience + .seconds(5))
        },
    ]

    // MARK: Enrolment

    private static func refusesCertificate(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (Certificate, Stage) throws -> [UInt8]
    ) -> ConformanceCase {
        one("granted-\(name)", "does not use a certificate \(title)", clauses) { stage in
            let joining = try await stage.joining()
            try stage.admit(joining, with: try edit(try stage.certificate(for: joining), stage))
            // It may try to join again, or give up; it must not come as a member.
            let end = ContinuousClock.now + .seconds(6)
            while end > .now, let connection = await stage.listener.next(within: .seconds(2)) {
                _ = stage.opened.keep(connection)
                var inbox = RawInbox(connection)
                _ = await inbox.fill(Stage.memberFlight, until: .now + .seconds(1))
                guard inbox.count >= Preface.length, !stage.isLatecomer(inbox.bytes) else { continue }
                guard inbox.bytes[6] == Preface.Pattern.enrolment.rawValue else {
                    throw Mismatch(expected: "no link of a member", seen: "one with that certificate")
                }
            }
        }
    }

    private static func reissued(
        _ old: Certificate, _ authority: OwnAuthority, identity: IdentityKey? = nil, staticKey: StaticKey? = nil
    ) throws -> [UInt8] {
        try Certificate.issue(
            Certificate.Subject(
                name: old.name, roles: old.roles, identityKey: identity ?? old.identityKey, staticKey: staticKey ?? old.staticKey,
                salt: old.salt),
            serial: 8, now: .current, authority: authority.keys
        ).encoded
    }

    private static let enrolment: [ConformanceCase] = [
        refusesCertificate("other-mesh", "that another authority has signed", ["TOKEN-5.1", "ID-6.1"]) { old, _ in
            try reissued(old, OwnAuthority())
        },
        refusesCertificate("other-identity", "for another identity key", ["TOKEN-5.1"]) { old, stage in
            try reissued(old, stage.authority, identity: stage.coordinator.keys.publicKey)
        },
        refusesCertificate("other-static-key", "for another static key", ["TOKEN-5.1"]) { old, stage in
            try reissued(old, stage.authority, staticKey: stage.coordinator.staticKey.publicKey)
        },
        refusesCertificate("altered", "that was altered", ["TOKEN-5.1", "ID-6.2"]) { old, _ in flipped(old.encoded, at: -1) },
        refusesCertificate("truncated", "that is not whole", ["TOKEN-5.1", "CONV-3.5"]) { old, _ in Array(old.encoded.dropLast(3)) },
    ]
}
