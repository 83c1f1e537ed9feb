import Wire

extension LinkSets {
    /// What a responder makes of the first bytes: preface, clear bytes, message 1, mac1.
    static func firstFlights() throws -> [VectorCase] {
        let scene = try LinkScene("link first")
        let first = try scene.first()
        var cases: [VectorCase] = []
        func add(_ id: String, _ clauses: [String], _ text: String, _ flight: [UInt8], _ error: String?) {
            cases.append(VectorCase(id, clauses, text, scene.accept([flight]), error: error))
        }
        for offset in 0..<8 {
            for mask in [0x01, 0x20, 0x80] as [UInt8] where !(offset == 5 && mask == 0x01) {
                var flight = first
                flight[offset] ^= mask
                add(
                    "preface-\(offset)-\([mask].hex)", Clauses.preface, "byte \(offset) of the preface is changed by \([mask].hex)", flight,
                    "bad-preface")
            }
        }
        for (offset, values) in [(4, [0, 2, 255]), (5, [0, 3, 255]), (6, [0, 3, 4, 255]), (7, [1, 255])] as [(Int, [UInt8])] {
            for value in values {
                var preface = Array(first.prefix(8))
                preface[offset] = value
                add(
                    "preface-\(offset)-is-\(value)", Clauses.preface, "byte \(offset) of the preface is \(value); nothing follows", preface,
                    "bad-preface")
            }
        }
        add("enrolment-aes", Clauses.enrolmentSuite, "an enrolment with AESGCM", Array("WMSH".utf8) + [1, 2, 2, 0], "bad-preface")
        add("http", Clauses.preface, "an HTTP request", Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), "bad-preface")
        add("tls", Clauses.preface, "a TLS client", [0x16, 3, 1, 2, 0, 1, 0, 1], "bad-preface")
        for offset in 0..<16 {
            var flight = first
            flight[first.count - 16 + offset] ^= 0x10
            add("mac1-\(offset)", Clauses.mac1, "byte \(offset) of mac1 is changed", flight, "authentication")
        }
        add("mac1-zero", Clauses.mac1, "a mac1 of zeros", first.dropLast(16) + [UInt8](repeating: 0, count: 16), "authentication")
        let other = try SampleMesh("another mesh").authority.publicKey
        add("mac1-mesh", Clauses.mac1, "a mac1 for another mesh", try scene.first(meshID: .meshID(authority: other)), "authentication")
        var longer = first
        longer[9] += 1
        add("mac1-length", Clauses.mac1, "a length one too great, and one byte more", longer + [0], "authentication")
        for offset in [10, 25, 41] {
            var flight = first
            flight[offset] ^= 0x10
            add(
                "mac1-message-\(offset)", Clauses.mac1, "byte \(offset - 10) of message 1 is changed under the old mac1", flight,
                "authentication")
        }
        add("trailing", Clauses.firstFlight, "a byte behind mac1", first + [0], "trailing")
        add("trailing-record", Clauses.firstFlight, "fifty bytes behind mac1", first + Label.bytes("early", 50), "trailing")
        add("payload", Clauses.payloadOne, "message 1 with a payload of a byte", try scene.first(payload: [0]), "trailing")
        add(
            "payload-long", Clauses.payloadOne, "message 1 with a payload of 100 bytes",
            try scene.first(payload: Label.bytes("early payload", 100)), "trailing")
        for count in [0, 1, 31] {
            add(
                "message-\(count)", Clauses.framing, "message 1 has \(count) bytes", try scene.first(message: Label.bytes("short", count)),
                "truncated")
        }
        add("oversized", Clauses.framing, "a length of 4,097, before its bytes are there", first.prefix(8) + [0x10, 0x01], "oversized")
        add("oversized-max", Clauses.framing, "a length of 65,535", first.prefix(8) + [0xFF, 0xFF], "oversized")
        for (index, point) in NoiseSets.smallOrderPoints.enumerated() {
            add(
                "small-order-\(index)", Clauses.smallOrder, "an ephemeral key of small order: \(point.0)",
                try scene.first(message: [UInt8](hex: point.1) ?? []), "authentication")
        }
        return cases
    }

    /// A coordinator that is asked to enrol somebody.
    static func coordinator() throws -> [VectorCase] {
        let scene = try LinkScene("link coordinator", isEnrolment: true)
        let (first, third) = (try scene.first(), try scene.third())
        var cases: [VectorCase] = []
        func add(_ id: String, _ clauses: [String], _ text: String, _ input: VectorValue, _ error: String) {
            cases.append(VectorCase("enrolment-\(id)", clauses, text, input, error: error))
        }
        let id = VectorValue.hex(LinkScene.token)
        let wrong: VectorValue = [["id": id, "secret": Label.hex("another secret")]]
        let unknown: VectorValue = [["id": Label.hex("another id", 16), "secret": .hex(LinkScene.secret)]]
        add(
            "secret", Clauses.unknownToken, "the secret of the token is another", scene.accept([first, third]).setting("tokens", wrong),
            "authentication")
        add("unknown", Clauses.unknownToken, "nobody knows the token", scene.accept([first]).setting("tokens", unknown), "authentication")
        add("none", Clauses.unknownToken, "a node that enrols nobody", scene.accept([first]).setting("tokens", []), "authentication")
        var other = first
        other[8] ^= 1
        add("token-id", Clauses.mac1, "the token's id is changed under the old mac1", scene.accept([other]), "authentication")
        let member = TLVBytes.join(TLVBytes.split(try scene.payload(of: 3)) + [(10, scene.initiator.certificate.encoded)])
        add(
            "certificate", Clauses.certificatePresence, "a joiner that shows a certificate",
            scene.accept([first, try scene.third(payload: member)]), "authentication")
        let bare = scene.accept([first])
        add(
            "uncertified", Clauses.uncertified, "a responder without a certificate",
            .object(bare.fields.filter { $0.name != "certificate" }), "no-certificate")
        for offset in [2, 34, 50] {
            var message = third
            message[offset] ^= 1
            add(
                "third-\(offset)", Clauses.noisePSK, "byte \(offset - 2) of message 3 is changed", scene.accept([first, message]),
                "authentication")
        }
        return cases
    }

    /// A joiner, which knows the authority from its token.
    static func joiner() throws -> [VectorCase] {
        let scene = try LinkScene("link joiner", isEnrolment: true)
        var cases: [VectorCase] = []
        func add(_ id: String, _ text: String, _ input: VectorValue, _ error: String) {
            cases.append(
                VectorCase(
                    "joiner-\(id)", id == "worker" ? Clauses.expectation : id == "expired" ? Clauses.expired : Clauses.joiner, text, input,
                    error: error))
        }
        func answer(_ certificate: [UInt8]) throws -> VectorValue {
            let fields = TLVBytes.split(try scene.payload(of: 2)).filter { $0.type != 10 } + [(10, certificate)]
            return scene.dial([try scene.second(payload: TLVBytes.join(fields))])
        }
        let foreign = try SampleMesh("another mesh").member("coordinator", .coordinator)
        add("foreign", "the coordinator of another mesh", try answer(foreign.certificate.encoded), "wrong-peer")
        let worker = scene.mesh.forge(scene.responder.certificate) { $0[3].value = [0, 0, 0, 1] }
        add("worker", "a worker's certificate", try answer(worker), "wrong-peer")
        let old = scene.mesh.forge(scene.responder.certificate) { $0[9].value = $0[8].value }
        add("expired", "a coordinator's certificate that has expired", try answer(old), "certificate-expired")
        let second = try scene.second()
        for offset in [2, 34, 82, second.count - 1] {
            var message = second
            message[offset] ^= 1
            add("second-\(offset)", "byte \(offset - 2) of message 2 is changed", scene.dial([message]), "authentication")
        }
        return cases
    }
}
