import Wire

/// Handshakes with their intermediate values, and what goes wrong in them.
enum NoiseSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(
                name: "noise-chachapoly", kind: .noise,
                description: "Noise handshakes with ChaChaPoly: e, s, h, ck and k after each message, and the keys of the split.",
                cases: try cases(.chaChaPoly)),
            VectorSet(
                name: "noise-aesgcm", kind: .noise,
                description: "Noise handshakes with AESGCM: e, s, h, ck and k after each message, and the keys of the split.",
                cases: try cases(.aesGCM)),
        ]
    }

    private static func cases(_ suite: Suite) throws -> [VectorCase] {
        // An enrolment has one suite.
        let patterns = suite == .chaChaPoly ? ["XX", "XXpsk3", "IK"] : ["XX", "IK"]
        return try patterns.flatMap { try good($0, suite) + attacks($0, suite) } + smallOrder(suite)
    }

    private static func clauses(_ pattern: String) -> [String] { pattern == "XXpsk3" ? Clauses.noisePSK : Clauses.noise }

    static func input(_ pattern: String, _ suite: Suite, _ label: String, payloads: [[UInt8]], prologue: [UInt8]? = nil) -> VectorValue {
        var fields: [VectorValue.Field] = [
            .init("pattern", .string(pattern)), .init("suite", .string(suite.noiseName)),
            .init("prologue", .hex(prologue ?? Array("WM/1 draft".utf8) + preface(pattern, suite))),
        ]
        for name in ["initiator_static", "initiator_ephemeral", "responder_static", "responder_ephemeral"] {
            fields.append(.init(name, Label.hex("\(label) \(name)")))
        }
        if pattern == "XXpsk3" { fields.append(.init("psk", Label.hex("\(label) psk"))) }
        return .object(fields + [.init("payloads", .array(payloads.map(VectorValue.hex)))])
    }

    private static func preface(_ pattern: String, _ suite: Suite) -> [UInt8] {
        let number: UInt8 = pattern == "XX" ? 1 : pattern == "XXpsk3" ? 2 : 3
        let token = pattern == "XXpsk3" ? Label.bytes("noise token id", 16) : []
        return Array("WMSH".utf8) + [1, suite.rawValue, number, 0] + token
    }

    private static func good(_ pattern: String, _ suite: Suite) -> [VectorCase] {
        let texts = ["first", "the second payload", "and a third one"].map { Array($0.utf8) }
        let shapes: [(String, String, [[UInt8]], [UInt8]?)] = [
            ("empty", "empty payloads", [], nil),
            ("payloads", "a payload in every message", texts, nil),
            ("no-prologue", "an empty prologue", texts, []),
            ("long-prologue", "a prologue of 200 bytes", [], Label.bytes("long prologue", 200)),
            ("one-byte", "payloads of one byte", [[0], [1], [2]], nil),
            ("blocks", "payloads of 64 bytes, one cipher block", (0..<3).map { Label.bytes("block \($0)", 64) }, nil),
            ("long", "payloads of 1,000 bytes", (0..<3).map { Label.bytes("long \($0)", 1_000) }, nil),
        ]
        return shapes.map { shape in
            VectorCase(
                "\(pattern)-\(shape.0)", clauses(pattern), "\(pattern) with \(shape.1)",
                input(pattern, suite, "noise \(pattern) \(shape.0)", payloads: shape.2, prologue: shape.3))
        }
    }

    private static func attacks(_ pattern: String, _ suite: Suite) throws -> [VectorCase] {
        let base = input(pattern, suite, "noise \(pattern) attack", payloads: [[7], [1, 2, 3], [4, 5, 6]])
        let messages = try messages(base)
        func attack(_ id: String, _ text: String, _ field: String, _ value: VectorValue, _ error: String = "authentication") -> VectorCase {
            VectorCase("\(pattern)-\(id)", clauses(pattern), "\(pattern): \(text)", base.setting(field, value), error: error)
        }
        var cases = [
            attack("prologue", "the responder has another prologue", "responder_prologue", .hex(Array("WM/2 draft".utf8))),
            attack("prologue-empty", "the responder has an empty prologue", "responder_prologue", ""),
        ]
        if pattern == "XXpsk3" {
            cases.append(attack("psk", "the responder has another secret", "responder_psk", Label.hex("another psk")))
            cases.append(attack("psk-zero", "the responder's secret is zero", "responder_psk", .hex([UInt8](repeating: 0, count: 32))))
        }
        if pattern == "IK" {
            let other = try StaticKeyPair(secret: SecretBytes(Label.bytes("another static"))).publicKey
            cases.append(attack("other-key", "the initiator expects another key", "expected_responder", .string(other.hex)))
        }
        for (number, message) in zip(1..., messages) {
            let change: (VectorValue) -> VectorValue = { $0.setting("message", .number(number)) }
            let isLast = number == messages.count
            if number > 1 || pattern == "IK" {
                cases.append(
                    attack(
                        "every-byte-\(number)", "each byte of message \(number) is changed in turn", "change",
                        change(["message": 0, "every_byte": true, "xor": "01"])))
                cases.append(
                    attack(
                        "every-byte-\(number)-high", "the highest bit of each byte of message \(number) is changed in turn", "change",
                        change(["message": 0, "every_byte": true, "xor": "80"])))
            } else {
                cases.append(
                    attack(
                        "e", "the ephemeral key of message 1 is changed", "change",
                        change(["message": 0, "offset": 0, "xor": "01"])))
            }
            let longer = change(["message": 0, "bytes": .hex(message + [0])])
            // Nothing is authenticated in the first message of XX: what is longer has a payload, which h then covers.
            cases.append(attack("longer-\(number)", "a byte is appended to message \(number)", "change", longer))
            cases.append(
                attack(
                    "cut-\(number)", "message \(number) ends within its first key", "change",
                    change(["message": 0, "bytes": .hex(Array(message.prefix(31)))]), "truncated"))
            cases.append(
                attack("none-\(number)", "message \(number) is empty", "change", change(["message": 0, "bytes": ""]), "truncated"))
            if number > 1 || pattern == "IK" {
                cases.append(
                    attack(
                        "short-tag-\(number)", "message \(number) lacks its last byte", "change",
                        change(["message": 0, "bytes": .hex(Array(message.dropLast()))])))
            }
            if isLast, pattern != "IK" {
                cases.append(
                    attack(
                        "replay", "message 1 comes again as message \(number)", "change",
                        change(["message": 0, "bytes": .hex(messages[0] + [UInt8](repeating: 0, count: 64))])))
            }
        }
        return cases
    }

    static func messages(_ input: VectorValue) throws -> [[UInt8]] {
        var reader = try VectorInput(input, line: 0)
        return try NoiseExchange(&reader).messages()
    }
}

extension NoiseSets {
    /// The points whose product with any secret is zero, in the encodings that X25519 takes for them (RFC 7748; 2^255-19 is p).
    static let smallOrderPoints: [(String, String)] = [
        ("0", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("1", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("of order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        ("of order 8, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        ("p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("0 with the highest bit", "0000000000000000000000000000000000000000000000000000000000000080"),
        ("1 with the highest bit", "0100000000000000000000000000000000000000000000000000000000000080"),
        ("p with the highest bit", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ]

    /// An ephemeral key of small order in message 1 and in message 2.
    private static func smallOrder(_ suite: Suite) throws -> [VectorCase] {
        let base = input("XX", suite, "noise XX small order", payloads: [])
        let second = try messages(base)[1]
        let known = input("IK", suite, "noise IK small order", payloads: [])
        let first = try messages(known)[0]
        return smallOrderPoints.enumerated().flatMap { index, point in
            let bytes = [UInt8](hex: point.1) ?? []
            return [
                VectorCase(
                    "XX-small-order-1-\(index)", Clauses.smallOrder, "XX: the ephemeral key of message 1 is \(point.0)",
                    base.setting("change", ["message": 1, "bytes": .hex(bytes)]), error: "authentication"),
                VectorCase(
                    "XX-small-order-2-\(index)", Clauses.smallOrder, "XX: the ephemeral key of message 2 is \(point.0)",
                    base.setting("change", ["message": 2, "bytes": .hex(bytes + second.dropFirst(32))]), error: "authentication"),
                VectorCase(
                    "IK-small-order-1-\(index)", Clauses.smallOrder, "IK: the ephemeral key of message 1 is \(point.0)",
                    known.setting("change", ["message": 1, "bytes": .hex(bytes + first.dropFirst(32))]), error: "authentication"),
            ]
        }
    }
}
