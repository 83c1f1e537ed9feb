import Wire

/// The handshake of a link, as each side sees it: whole flights, and all that can be wrong with them.
enum LinkSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(
                name: "links", kind: .link, description: "Links that come about, from both sides, with every byte that is sent.",
                cases: try good()),
            VectorSet(
                name: "links-initiator", kind: .link, description: "What an initiator makes of a message 2.",
                cases: try initiator(try LinkScene("link initiator")) + joiner()),
            VectorSet(
                name: "links-responder", kind: .link, description: "What a responder makes of a first flight and of a message 3.",
                cases: try firstFlights() + responder(try LinkScene("link responder")) + coordinator()),
        ]
    }

    private static func good() throws -> [VectorCase] {
        var cases: [VectorCase] = []
        let scenes = [
            ("member", "members with ChaChaPoly", try LinkScene("link member")),
            ("aes", "members with AESGCM", try LinkScene("link aes", suite: .aesGCM)),
            ("enrolment", "a joiner with its token", try LinkScene("link enrolment", isEnrolment: true)),
        ]
        for (id, text, scene) in scenes {
            let (first, second, third) = (try scene.first(), try scene.second(), try scene.third())
            let records = Label.bytes("records of \(id)", 50)
            func add(_ name: String, _ how: String, _ input: VectorValue) {
                cases.append(VectorCase("\(id)-\(name)", Clauses.link, "\(text): \(how)", input))
            }
            add("initiator-start", "the initiator's first flight", scene.dial([]))
            add("initiator", "the initiator", scene.dial([second]))
            add("initiator-pieces", "the initiator, byte by byte", scene.dial(second.map { [$0] }))
            add("initiator-leftover", "records follow message 2 at once", scene.dial([second + records]))
            add("initiator-half", "message 2 is not yet whole", scene.dial([Array(second.dropLast())]))
            add("responder-first", "the responder's answer to the first flight", scene.accept([first]))
            add("responder", "the responder", scene.accept([first, third]))
            add("responder-pieces", "the responder, byte by byte", scene.accept((first + third).map { [$0] }))
            add("responder-leftover", "records follow message 3 at once", scene.accept([first, third + records]))
            add("responder-half", "the first flight is not yet whole", scene.accept([Array(first.dropLast())]))
            add("responder-half-third", "message 3 is not yet whole", scene.accept([first, Array(third.dropLast())]))
            add("responder-nothing", "nothing has come", scene.accept([]))
        }
        let role = try LinkScene("link role")
        cases.append(
            VectorCase(
                "role-initiator", Clauses.link, "an initiator that means any coordinator",
                role.dial([try role.second()], expect: ["roles": 2])))
        return cases
    }

    // MARK: Payloads

    /// Every change of the payload of message 2, in a scene between members.
    private static func initiator(_ scene: LinkScene) throws -> [VectorCase] {
        var cases = try PayloadChange.all(scene).map { change in
            var fields = TLVBytes.split(try scene.payload(of: 2))
            try change.apply(&fields)
            let message = try scene.second(payload: TLVBytes.join(fields))
            return VectorCase(
                "member-\(change.id)", change.clauses, "message 2: \(change.text)", scene.dial([message]), error: change.error)
        }
        cases += try certificates(scene, message: 2) { scene.dial([try scene.second(payload: $0)]) }
        func add(_ id: String, _ clauses: [String], _ text: String, _ input: VectorValue, _ error: String) {
            cases.append(VectorCase(id, clauses, text, input, error: error))
        }
        let other = try scene.mesh.member("worker-2")
        let second = try scene.second()
        add(
            "other-node", Clauses.expectation, "another node than the one meant",
            scene.dial([second], expect: ["node": .string(other.certificate.nodeID.hex)]),
            "wrong-peer")
        for roles in [1, 3, 4, 8, 15] {
            add(
                "other-role-\(roles)", Clauses.expectation, "the responder lacks a role of the set \(roles)",
                scene.dial([second], expect: ["roles": .int(roles)]),
                "wrong-peer")
        }
        add(
            "expired", Clauses.expired, "the responder's certificate expires now",
            scene.dial([second]).setting("now", .u64(SampleMesh.now + 85_800)),
            "certificate-expired")
        add(
            "no-certificate", Clauses.uncertified, "an initiator without a certificate", Self.without("certificate", scene.dial([])),
            "no-certificate")
        add(
            "own-certificate", Clauses.tlvCut, "an initiator whose own certificate is cut",
            scene.dial([]).setting("certificate", "0002"), "truncated")
        cases += try framing(second) { scene.dial([$0]) }
        let foreign = try scene.second(payload: try scene.payload(of: 2), prologue: Array("WM/2 draft".utf8))
        add("prologue", Clauses.noise, "a responder with another prologue", scene.dial([foreign]), "authentication")
        return cases
    }

    private static func responder(_ scene: LinkScene) throws -> [VectorCase] {
        let first = try scene.first()
        var cases = try PayloadChange.all(scene).map { change in
            var fields = TLVBytes.split(try scene.payload(of: 3))
            try change.apply(&fields)
            let message = try scene.third(payload: TLVBytes.join(fields))
            return VectorCase(
                "member-\(change.id)", change.clauses, "message 3: \(change.text)", scene.accept([first, message]), error: change.error)
        }
        cases += try certificates(scene, message: 3) { scene.accept([first, try scene.third(payload: $0)]) }
        let third = try scene.third()
        cases.append(
            VectorCase(
                "expired", Clauses.renewal, "the initiator's certificate expires now: the link comes about, for a renewal",
                scene.accept([first, third]).setting("now", .u64(SampleMesh.now + 85_800))))
        cases += try framing(third) { scene.accept([first, $0]) }
        return cases
    }

    private static func without(_ name: String, _ input: VectorValue) -> VectorValue { .object(input.fields.filter { $0.name != name }) }

    /// A certificate in a payload that is not what it must be.
    private static func certificates(
        _ scene: LinkScene, message: Int, _ input: ([UInt8]) throws -> VectorValue
    ) throws -> [VectorCase] {
        let honest = (message == 2 ? scene.responder : scene.initiator).certificate
        let other = try scene.mesh.member("worker-2", message == 2 ? .coordinator : .worker)
        let foreign = try SampleMesh("another mesh").member("worker-1", message == 2 ? .coordinator : .worker)
        let stranger = try IdentityKeyPair(seed: SecretBytes(Label.bytes("stranger")))
        let recombined = scene.mesh.forge(other.certificate) { _ in }
        let otherID = scene.mesh.forge(honest) { $0[1].value[0] ^= 1 }
        let otherSalt = scene.mesh.forge(honest) { $0[6].value[0] ^= 1 }
        let rows: [(String, String, [UInt8]?, String)] = [
            ("absent", "no certificate", nil, "authentication"),
            ("foreign", "a certificate of another mesh", foreign.certificate.encoded, "wrong-peer"),
            ("recombined", "the certificate of another member, with this one's key", recombined, "authentication"),
            ("unsigned", "a certificate that a stranger signed", scene.mesh.forge(honest, signer: stranger) { _ in }, "authentication"),
            ("node-id", "a signed node id that does not follow from the key", otherID, "authentication"),
            ("salt", "a signed salt from which the node id does not follow", otherSalt, "authentication"),
            (
                "signature", "a changed signature", Array(honest.encoded.dropLast()) + [honest.encoded.last.map { $0 ^ 1 } ?? 0],
                "authentication"
            ),
            ("name", "a changed name under the old signature", tampered(honest.encoded, field: 2), "authentication"),
        ]
        return try rows.map { row in
            var fields = TLVBytes.split(try scene.payload(of: message))
            fields.removeAll { $0.type == 10 }
            if let certificate = row.2 { fields.append((10, certificate)) }
            return VectorCase(
                "certificate-\(row.0)", certificateClauses(row.0), "message \(message): \(row.1)", try input(TLVBytes.join(fields)),
                error: row.3)
        }
    }

    private static func certificateClauses(_ id: String) -> [String] {
        switch id {
        case "absent": Clauses.certificatePresence
        case "foreign": Clauses.mesh
        case "recombined": Clauses.provenKey
        case "node-id", "salt": Clauses.nodeID
        default: Clauses.signature
        }
    }

    /// A certificate with the last byte of its field number `field` changed, and the old signature.
    private static func tampered(_ certificate: [UInt8], field: Int) -> [UInt8] {
        var fields = TLVBytes.split(certificate)
        fields[field].value[fields[field].value.count - 1] ^= 1
        return TLVBytes.join(fields)
    }

    /// The u16 length before a message and the message's size.
    private static func framing(_ message: [UInt8], _ input: ([UInt8]) throws -> VectorValue) throws -> [VectorCase] {
        let count = message.count - 2
        let rows: [(String, String, [UInt8], String)] = [
            ("zero", "a message of length 0", [0, 0], "truncated"),
            ("short", "a message of 15 bytes", [0, 15] + message.dropFirst(2).prefix(15), "truncated"),
            (
                "cut", "a message whose length is one too small",
                [UInt8((count - 1) >> 8), UInt8((count - 1) & 255)] + message.dropFirst(2), "authentication"
            ),
            ("oversized", "a length of 4,097, before its bytes are there", [0x10, 0x01], "oversized"),
            ("oversized-max", "a length of 65,535", [0xFF, 0xFF], "oversized"),
        ]
        return try rows.map { VectorCase("framing-\($0.0)", Clauses.framing, $0.1, try input($0.2), error: $0.3) }
    }
}
