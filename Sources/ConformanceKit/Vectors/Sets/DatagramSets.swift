import Wire

/// Datagrams: headers, handshakes, sessions and the window against replays.
enum DatagramSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(
                name: "datagram-headers", kind: .datagramHeader, description: "The sixteen bytes before every datagram.", cases: headers()),
            VectorSet(
                name: "datagram-handshakes", kind: .datagramHandshake, description: "Initiations and responses, from both sides.",
                cases: try handshakes() + initiations() + responses()),
            VectorSet(
                name: "datagram-cookies-sealed", kind: .datagramCookieSeal, description: "Cookies, as a responder under load sends them.",
                cases: try cookiesSealed()),
            VectorSet(
                name: "datagram-cookies-opened", kind: .datagramCookieOpen, description: "Cookies, and the initiations that carry mac2.",
                cases: try cookiesOpened()),
            VectorSet(
                name: "datagrams-sealed", kind: .datagramSeal, description: "Datagrams of a session, as they are sent.", cases: sealed()),
            VectorSet(
                name: "datagrams-opened", kind: .datagramOpen, description: "Datagrams of a session, as they arrive.", cases: try opened()),
            VectorSet(
                name: "replay-windows", kind: .replayWindow, description: "Counters, in the order in which they arrive.", cases: windows()),
        ]
    }

    private static func headers() -> [VectorCase] {
        let session = DatagramHeader(.session, receiver: 7, counter: 9).encoded
        func with(_ offset: Int, _ value: UInt8, _ header: [UInt8] = session) -> [UInt8] {
            header.enumerated().map { $0 == offset ? value : $1 }
        }
        var cases: [VectorCase] = []
        func add(_ id: String, _ clauses: [String], _ text: String, _ bytes: [UInt8], _ error: String? = nil) {
            cases.append(VectorCase(id, clauses, text, ["datagram": .hex(bytes)], error: error))
        }
        add("session", Clauses.datagramHeader, "a datagram of a session", session)
        add(
            "session-max", Clauses.datagramHeader, "the greatest receiver and counter",
            DatagramHeader(.session, receiver: .max, counter: .max).encoded)
        add("initiation", Clauses.datagramHeader, "an initiation", DatagramHeader(.initiation).encoded)
        add("response", Clauses.datagramHeader, "a response", DatagramHeader(.response, receiver: 1).encoded)
        add("cookie", Clauses.datagramHeader, "a cookie", DatagramHeader(.cookie, receiver: 1).encoded)
        add("challenge", Clauses.datagramHeader, "a challenge", DatagramHeader(.challenge, receiver: 1, counter: 2).encoded)
        add("echo", Clauses.datagramHeader, "an echo", DatagramHeader(.echo, receiver: 1, counter: 3).encoded)
        add("longest", Clauses.datagramSize, "1,200 bytes", session + [UInt8](repeating: 0, count: 1_184))
        add("oversized", Clauses.datagramSize, "1,201 bytes", session + [UInt8](repeating: 0, count: 1_185), "oversized")
        for count in [0, 1, 8, 15] { add("cut-\(count)", Clauses.datagramCut, "\(count) bytes", Array(session.prefix(count)), "truncated") }
        for version in [0, 2, 255] as [UInt8] {
            add("version-\(version)", Clauses.datagramVersion, "version \(version)", with(1, version), "bad-preface")
        }
        for (offset, value) in [(2, 1), (2, 128), (3, 1), (3, 255)] as [(Int, UInt8)] {
            add("reserved-\(offset)-\(value)", Clauses.datagramVersion, "a reserved bit is set", with(offset, value), "bad-preface")
        }
        for type in [0, 7, 8, 128, 255] as [UInt8] {
            add("type-\(type)", Clauses.datagramType, "the unknown type \(type)", with(0, type), "unknown-critical")
        }
        add(
            "initiation-receiver", Clauses.datagramZeros, "an initiation with a receiver", with(7, 1, DatagramHeader(.initiation).encoded),
            "bad-value")
        add(
            "initiation-counter", Clauses.datagramZeros, "an initiation with a counter", with(15, 1, DatagramHeader(.initiation).encoded),
            "bad-value")
        add(
            "response-counter", Clauses.datagramZeros, "a response with a counter",
            with(8, 1, DatagramHeader(.response, receiver: 1).encoded), "bad-value")
        add(
            "cookie-counter", Clauses.datagramZeros, "a cookie with a counter", with(15, 1, DatagramHeader(.cookie, receiver: 1).encoded),
            "bad-value")
        return cases
    }

    static func rule(_ id: String, _ clauses: [String], _ text: String, _ input: VectorValue, _ error: String? = nil) -> VectorCase {
        VectorCase(id, clauses, text, input, error: error)
    }

    private static func handshakes() throws -> [VectorCase] {
        let scene = try DatagramScene()
        let (initiation, response) = (try scene.initiation(), try scene.response())
        let order = DatagramScene.order
        func before(_ epoch: UInt64, _ counter: UInt64) -> VectorValue {
            scene.accept(initiation, last: DatagramOrder(bootEpoch: epoch, counter: counter))
        }
        let forged = response.enumerated().map { $0 == 40 ? $1 ^ 1 : $1 }
        return [
            rule("initiator-start", Clauses.initiation, "the initiation", scene.dial([])),
            rule("initiator", Clauses.initiation, "the initiator, with the response", scene.dial([response])),
            rule("responder", Clauses.initiation, "the responder", scene.accept(initiation)),
            rule("initiator-quiet", Clauses.initiation, "an initiation without a request", scene.dial([], request: nil)),
            rule(
                "initiator-longest", Clauses.initiation, "the longest request",
                scene.dial([], request: Label.bytes("datagram long request", scene.requestRoom))),
            rule(
                "initiator-too-long", Clauses.initiationSize, "a request of a byte more",
                scene.dial([], request: Label.bytes("datagram long request", scene.requestRoom + 1)), "oversized"),
            rule("responder-quiet", Clauses.response, "a responder without an answer", scene.accept(initiation, answer: nil)),
            rule(
                "responder-longest", Clauses.response, "the longest answer",
                scene.accept(initiation, answer: Label.bytes("datagram long answer", scene.answerRoom))),
            rule(
                "responder-too-long", Clauses.response, "an answer of a byte more",
                scene.accept(initiation, answer: Label.bytes("datagram long answer", scene.answerRoom + 1)), "oversized"),
            rule("first-order", Clauses.initiation, "the smallest order", scene.dial([], order: DatagramOrder(bootEpoch: 0, counter: 0))),
            rule(
                "greatest-order", Clauses.initiation, "the greatest order",
                scene.dial([], order: DatagramOrder(bootEpoch: .max, counter: .max))),
            rule("initiator-forged", Clauses.forgedResponse, "a forged response before the true one", scene.dial([forged, response])),
            rule(
                "initiator-noise", Clauses.forgedResponse, "three datagrams that are no response before the true one",
                scene.dial([Label.bytes("noise", 60), initiation, Array(response.prefix(30)), response])),
            rule("order-counter", Clauses.initiationOrder, "a greater counter than before", before(order.bootEpoch, 1)),
            rule("order-epoch", Clauses.initiationOrder, "a greater boot epoch, a lower counter", before(order.bootEpoch - 1, .max)),
            rule("order-same", Clauses.initiationOrder, "the same order again: a replay", before(order.bootEpoch, 2), "replayed"),
            rule("order-lower", Clauses.initiationOrder, "a lower counter", before(order.bootEpoch, 3), "replayed"),
            rule("order-lower-epoch", Clauses.initiationOrder, "a lower boot epoch", before(order.bootEpoch + 1, 0), "replayed"),
            rule("order-highest", Clauses.initiationOrder, "nothing is above the greatest order", before(.max, .max), "replayed"),
        ]
    }

    private static func initiations() throws -> [VectorCase] {
        let scene = try DatagramScene()
        let initiation = try scene.initiation()
        let end = scene.initiator.certificate.expires.seconds
        var cases: [VectorCase] = [
            rule(
                "last-second", Clauses.initiationCertificate, "the last second of the certificate", scene.accept(initiation, now: end - 1)),
            rule(
                "expired", Clauses.initiationCertificate, "the certificate expires now", scene.accept(initiation, now: end),
                "certificate-expired"),
            rule("short", Clauses.initiationSize, "1,199 bytes", scene.accept(Array(initiation.dropLast())), "truncated"),
            rule("long", Clauses.datagramSize, "1,201 bytes", scene.accept(initiation + [0]), "oversized"),
            rule("header-only", Clauses.initiationSize, "a header", scene.accept(Array(initiation.prefix(16))), "truncated"),
            rule(
                "unpadded", Clauses.initiationSize, "an initiation without padding, with a good mac1",
                scene.accept(scene.sealed(initiation) { $0.removeLast(300) }), "truncated"),
            rule("mac2-ignored", Clauses.mac2, "a mac2, at a responder that asks for none", scene.accept(initiation.dropLast() + [7])),
            rule("response", Clauses.datagramType, "a response, at the responder", scene.accept(try scene.response()), "bad-value"),
        ]
        for offset in 0..<16 {
            let changed = initiation.enumerated().map { $0 == 1_168 + offset ? $1 ^ 4 : $1 }
            cases.append(
                rule("mac1-\(offset)", Clauses.initiationMac, "byte \(offset) of mac1 is changed", scene.accept(changed), "authentication"))
        }
        for offset in [16, 19, 20, 51, 52, 99, 100, 600, 1_167] {
            let changed = initiation.enumerated().map { $0 == offset ? $1 ^ 4 : $1 }
            cases.append(
                rule(
                    "changed-\(offset)", Clauses.initiationMac, "byte \(offset) is changed under the old mac1", scene.accept(changed),
                    "authentication"))
            cases.append(
                rule(
                    "forged-\(offset)", Clauses.datagramPrologue, "byte \(offset) is changed, with a new mac1",
                    scene.accept(scene.sealed(initiation) { $0[offset] ^= 4 }), "authentication"))
        }
        let foreign = try SampleMesh("another mesh").authority.publicKey
        cases.append(
            rule(
                "mac1-mesh", Clauses.initiationMac, "the mac1 of another mesh",
                scene.accept(try scene.initiation(scene.payload, meshID: .meshID(authority: foreign))), "authentication"))
        return try cases + payloads(scene) + smallOrder(scene, initiation)
    }

    private static func smallOrder(_ scene: DatagramScene, _ initiation: [UInt8]) -> [VectorCase] {
        NoiseSets.smallOrderPoints.enumerated().map { index, point in
            let bytes = [UInt8](hex: point.1) ?? []
            return rule(
                "small-order-\(index)", Clauses.smallOrder, "an ephemeral key of small order: \(point.0)",
                scene.accept(scene.sealed(initiation) { $0.replaceSubrange(20..<52, with: bytes) }), "authentication")
        }
    }

    private static func payloads(_ scene: DatagramScene) throws -> [VectorCase] {
        let honest = scene.initiator.certificate
        let other = scene.responder.certificate
        let foreign = try SampleMesh("another mesh").member("worker-1").certificate
        func with(_ change: (inout [(type: UInt16, value: [UInt8])]) -> Void) throws -> VectorValue {
            var fields = scene.payload
            change(&fields)
            return scene.accept(try scene.initiation(fields))
        }
        return [
            rule("crafted", Clauses.initiation, "a crafted initiation that is good", try with { _ in }),
            rule("no-epoch", Clauses.tlvMissing, "without a boot epoch", try with { $0.remove(at: 0) }, "missing"),
            rule("no-counter", Clauses.tlvMissing, "without a counter", try with { $0.remove(at: 1) }, "missing"),
            rule("no-certificate", Clauses.tlvMissing, "without a certificate", try with { $0.remove(at: 2) }, "missing"),
            rule("epoch-short", Clauses.tlvIntegers, "a boot epoch of seven bytes", try with { $0[0].value.removeLast() }, "bad-length"),
            rule("order", Clauses.tlvOrder, "epoch and counter are swapped", try with { $0.swapAt(0, 1) }, "unordered"),
            rule("even", Clauses.tlvEven, "an unknown even field", try with { $0.append((10, [1])) }, "unknown-critical"),
            rule("odd", Clauses.tlvOdd, "an unknown odd field", try with { $0.append((11, [1])) }),
            rule("unasked", Clauses.initiation, "without a request", try with { $0.remove(at: 3) }),
            rule("foreign", Clauses.mesh, "the certificate of another mesh", try with { $0[2].value = foreign.encoded }, "wrong-peer"),
            rule(
                "recombined", Clauses.provenKey, "the certificate of another member", try with { $0[2].value = other.encoded },
                "authentication"),
            rule(
                "signature", Clauses.signature, "a certificate with a changed signature",
                try with { $0[2].value = honest.encoded.dropLast() + [(honest.encoded.last ?? 0) ^ 1] }, "authentication"),
            rule("certificate-cut", Clauses.tlvCut, "a certificate that ends", try with { $0[2].value = [0, 2, 0] }, "truncated"),
        ]
    }

    private static func responses() throws -> [VectorCase] {
        let scene = try DatagramScene()
        let response = try scene.response()
        let foreign = try SampleMesh("another mesh").member("worker-2").certificate
        func with(_ change: (inout [(type: UInt16, value: [UInt8])]) -> Void) throws -> [UInt8] {
            var fields = scene.welcome
            change(&fields)
            return try scene.response(fields)
        }
        var cases: [VectorCase] = [
            rule("response-longer", Clauses.response, "a response with a byte more", scene.dial([response + [0]]), "authentication"),
            rule(
                "response-short", Clauses.response, "a response with a byte less", scene.dial([Array(response.dropLast())]),
                "authentication"),
            rule("response-header", Clauses.response, "the header of a response", scene.dial([Array(response.prefix(16))]), "truncated"),
            rule("response-crafted", Clauses.response, "a crafted response that is good", scene.dial([try with { _ in }])),
            rule("response-odd", Clauses.tlvOdd, "an unknown odd field", scene.dial([try with { $0.append((5, [1])) }])),
            rule(
                "response-even", Clauses.tlvEven, "an unknown even field", scene.dial([try with { $0.append((6, [1])) }]),
                "unknown-critical"),
            rule("response-unanswered", Clauses.response, "without an answer", scene.dial([try with { $0.removeLast() }])),
            rule("response-anonymous", Clauses.tlvMissing, "without a certificate", scene.dial([try with { $0.removeFirst() }]), "missing"),
            rule("response-empty", Clauses.tlvMissing, "without a payload", scene.dial([try scene.response(payload: [])]), "missing"),
            rule(
                "response-foreign", Clauses.responseCertificate, "the certificate of another mesh",
                scene.dial([try with { $0[0].value = foreign.encoded }]), "wrong-peer"),
            rule(
                "response-recombined", Clauses.responseCertificate, "the certificate of another member",
                scene.dial([try with { $0[0].value = scene.initiator.certificate.encoded }]), "authentication"),
            rule(
                "response-expired", Clauses.responseCertificate, "the certificate has expired",
                scene.dial([response], now: scene.responder.certificate.expires.seconds), "certificate-expired"),
            rule(
                "response-twice", Clauses.forgedResponse, "the own initiation comes back", scene.dial([try scene.initiation()]), "bad-value"
            ),
            rule(
                "response-other", Clauses.responseIndex, "a response for another handshake",
                scene.dial([response.enumerated().map { $0 == 7 ? $1 ^ 1 : $1 }]), "bad-value"),
        ]
        for offset in [20, 51, 52, 67, response.count - 1] {
            let changed = response.enumerated().map { $0 == offset ? $1 ^ 8 : $1 }
            cases.append(
                rule(
                    "response-\(offset)", Clauses.response, "byte \(offset) of the response is changed", scene.dial([changed]),
                    "authentication"))
        }
        return cases
    }
}
