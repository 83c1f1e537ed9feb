import Wire

extension DatagramSets {
    static let cookie = Label.bytes("datagram cookie", 16)
    private static let salt = Label.bytes("datagram cookie salt", 16)

    private static func sealing(_ scene: DatagramScene, _ initiation: [UInt8]) -> VectorValue {
        [
            "responder": .string(scene.responder.staticKey.publicKey.hex), "initiation": .hex(initiation), "cookie": .hex(cookie),
            "salt": .hex(salt),
        ]
    }

    static func cookiesSealed() throws -> [VectorCase] {
        let scene = try DatagramScene()
        let initiation = try scene.initiation()
        return [
            rule("cookie", Clauses.mac2, "a cookie for an initiation", sealing(scene, initiation)),
            rule("cut", Clauses.initiationSize, "for an initiation that is cut", sealing(scene, initiation.dropLast()), "truncated"),
        ]
    }

    static func cookiesOpened() throws -> [VectorCase] {
        let scene = try DatagramScene()
        let initiation = try scene.initiation()
        guard case .output(let output) = try VectorKind.datagramCookieSeal.run(sealing(scene, initiation), line: 0),
            let good = output["datagram"]?.text.flatMap({ [UInt8](hex: $0) })
        else { throw VectorMismatch("a scene without a cookie") }
        func open(_ datagram: [UInt8], _ initiation: [UInt8] = initiation) -> VectorValue {
            [
                "responder": .string(scene.responder.staticKey.publicKey.hex), "initiation": .hex(initiation),
                "index": .number(DatagramScene.initiatorIndex), "receive": .hex(datagram),
            ]
        }
        func changed(_ offset: Int) -> VectorValue { open(good.enumerated().map { $0 == offset ? $1 ^ 1 : $1 }) }
        let other = try scene.initiation(scene.payload.dropLast())
        return [
            rule("cookie", Clauses.mac2, "the initiation is sent again, with mac2", open(good)),
            rule("again", Clauses.mac2, "another cookie for one that has mac2 already", open(good, initiation.dropLast() + [9])),
            rule("index", Clauses.cookieIndex, "a cookie for another handshake", changed(7), "bad-value"),
            rule("salt", Clauses.cookieIndex, "a changed salt", changed(16), "authentication"),
            rule("sealed", Clauses.cookieIndex, "a changed cookie", changed(32), "authentication"),
            rule("tag", Clauses.cookieIndex, "a changed tag", changed(63), "authentication"),
            rule("other", Clauses.cookieIndex, "a cookie for another initiation", open(good, other), "authentication"),
            rule("short", Clauses.cookieIndex, "a byte less", open(good.dropLast()), "truncated"),
            rule("long", Clauses.cookieIndex, "a byte more", open(good + [0]), "trailing"),
            rule("response", Clauses.datagramType, "a response", open(try scene.response()), "bad-value"),
        ]
    }
}

extension DatagramScene {
    /// Bytes of the longest request of the initiator, and of the longest answer of the responder.
    var requestRoom: Int { DatagramHello.room(beside: initiator.certificate) ?? 0 }
    var answerRoom: Int { DatagramWelcome.room(beside: responder.certificate) ?? 0 }
}
