import Wire

/// Certificates: issued, read, verified, and every field of them gone wrong.
enum CertificateSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(name: "ids", kind: .ids, description: "Mesh ids and node ids.", cases: ids()),
            VectorSet(name: "mac1", kind: .mac1, description: "The mac behind message 1.", cases: macs()),
            VectorSet(
                name: "certificates-issued", kind: .certificateIssue,
                description: "Certificates from what stands in them and the authority's seed.",
                cases: try issued()),
            VectorSet(
                name: "certificates", kind: .certificate, description: "Certificates, read and verified for an authority.",
                cases: try good() + fields() + forgeries()),
            VectorSet(
                name: "enrolment-signatures", kind: .enrolmentSignature, description: "What a joiner signs.", cases: signatures()),
            VectorSet(
                name: "enrolment-signatures-verified", kind: .enrolmentVerify, description: "A joiner's signature, verified.",
                cases: try verified()),
        ]
    }

    private static func ids() -> [VectorCase] {
        (0..<8).map { index in
            VectorCase(
                "ids-\(index)", Clauses.ids, "ids of some keys",
                [
                    "authority": Label.hex("ids authority \(index)"), "identity_key": Label.hex("ids identity \(index)"),
                    "salt": index == 0 ? .hex([UInt8](repeating: 0, count: 16)) : Label.hex("ids salt \(index)", 16),
                ])
        }
    }

    private static func macs() -> [VectorCase] {
        [0, 1, 8, 42, 63, 64, 65, 200].map { count in
            VectorCase(
                "bytes-\(count)", Clauses.mac1, "over \(count) bytes",
                ["mesh_id": Label.hex("mac mesh"), "bytes": Label.hex("mac \(count)", count)])
        }
    }

    private static func subject(
        name: String, roles: Int = 1, features: Int = 0, salt: [UInt8]? = nil, serial: UInt64 = 7, issuedAt: UInt64 = SampleMesh.now,
        life: UInt64 = 86_400
    )
        -> VectorValue
    {
        [
            "authority_seed": Label.hex("mesh authority"), "name": .string(name), "roles": .int(roles),
            "identity_key": Label.hex("issued identity"),
            "static_key": Label.hex("issued static"), "salt": .hex(salt ?? Label.bytes("issued salt", 16)), "features": .int(features),
            "serial": .u64(serial), "issued_at": .u64(issuedAt), "life": .u64(life),
        ]
    }

    private static func issued() throws -> [VectorCase] {
        let rows: [(String, String, VectorValue, String?)] = [
            ("worker", "a worker", subject(name: "worker-1"), nil),
            ("coordinator", "a coordinator", subject(name: "coordinator", roles: 2), nil),
            ("all-roles", "every role", subject(name: "a", roles: 15, features: 1), nil),
            ("no-role", "no role", subject(name: "a", roles: 0), nil),
            ("unknown-bits", "bits that nobody knows", subject(name: "a", roles: Int(UInt32.max), features: Int(UInt32.max)), nil),
            ("longest", "a name of 128 bytes", subject(name: String(repeating: "n", count: 128)), nil),
            ("numbers", "the greatest numbers", subject(name: "a", serial: .max, issuedAt: .max - 1, life: 1), nil),
            ("overflow", "a life that ends beyond 2^64 - 1 ends there", subject(name: "a", issuedAt: .max - 1, life: 100), nil),
            ("zero", "the smallest numbers", subject(name: "a", serial: 0, issuedAt: 0, life: 0), nil),
            ("name-empty", "an empty name", subject(name: ""), "bad-value"),
            ("name-space", "a name with a space", subject(name: "a b"), "bad-value"),
            ("name-first", "a name that begins with a dot", subject(name: ".a"), "bad-value"),
            ("name-long", "a name of 129 bytes", subject(name: String(repeating: "n", count: 129)), "bad-length"),
            ("salt-short", "a salt of 15 bytes", subject(name: "a", salt: Label.bytes("salt", 15)), "bad-length"),
            ("salt-long", "a salt of 17 bytes", subject(name: "a", salt: Label.bytes("salt", 17)), "bad-length"),
            ("salt-none", "no salt", subject(name: "a", salt: []), "bad-length"),
        ]
        return rows.map { row in
            VectorCase(
                row.0, Clauses.codec(row.3, good: Clauses.signing, value: Clauses.names, length: Clauses.tlvLengths), row.1, row.2,
                error: row.3)
        }
    }

    private static func vector(_ certificate: [UInt8], now: UInt64 = SampleMesh.now, authority: IdentityKey? = nil) throws -> VectorValue {
        let authority = try authority ?? SampleMesh().authority.publicKey
        return ["authority": .string(authority.hex), "now": .u64(now), "certificate": .hex(certificate)]
    }

    private static func good() throws -> [VectorCase] {
        let mesh = try SampleMesh()
        let worker = try mesh.member("worker-1").certificate
        let end = worker.expires.seconds
        let rows: [(String, String, VectorValue)] = [
            ("worker", "a worker", try vector(worker.encoded)),
            ("coordinator", "a coordinator", try vector(try mesh.member("coordinator", .coordinator).certificate.encoded)),
            ("last-second", "the last second of its life", try vector(worker.encoded, now: end - 1)),
            ("expired", "the first second in which it has expired", try vector(worker.encoded, now: end)),
            ("expired-long", "long expired, and still verified", try vector(worker.encoded, now: .max)),
            ("before", "before it was issued", try vector(worker.encoded, now: 0)),
            ("odd", "a signed field that is unknown and odd", try vector(mesh.forge(worker) { $0.append((101, [1, 2, 3])) })),
            ("aes", "with AES in hardware", try vector(try mesh.member("worker-2", features: .aes).certificate.encoded)),
        ]
        return rows.map { VectorCase($0.0, Clauses.verification, $0.1, $0.2) }
    }

    /// Each field, as the tables say: the signature is made anew, so that only the field is wrong.
    private static func fields() throws -> [VectorCase] {
        let mesh = try SampleMesh()
        let worker = try mesh.member("worker-1").certificate
        let forms: [(UInt16, String, FieldForm)] = [
            (2, "mesh_id", .bytes32), (4, "node_id", .bytes32), (6, "name", .name), (8, "roles", .u32), (10, "identity_key", .bytes32),
            (12, "static_key", .bytes32), (14, "salt", .fixed(16)), (16, "serial", .u64), (18, "issued_at", .u64), (20, "expires", .u64),
            (22, "features", .u32),
        ]
        var cases: [VectorCase] = []
        func add(_ id: String, _ text: String, _ bytes: [UInt8], _ error: String, _ clauses: [String]? = nil) throws {
            cases.append(VectorCase(id, clauses ?? Clauses.codec(error, length: Clauses.tlvLengths), text, try vector(bytes), error: error))
        }
        for (index, (_, name, form)) in forms.enumerated() {
            try add("no-\(name)", "without \(name)", mesh.forge(worker) { $0.remove(at: index) }, "missing")
            try add("twice-\(name)", "\(name) stands twice", mesh.forge(worker) { $0.insert($0[index], at: index) }, "unordered")
            for mistake in form.mistakes {
                try add(
                    "\(name)-\(mistake.id)", "\(name) has \(mistake.text)", mesh.forge(worker) { $0[index].value = mistake.value },
                    mistake.error, form.clauses(mistake))
            }
        }
        let signature = 4 + 64
        let encoded = worker.encoded
        try add("no-signature", "without a signature", Array(encoded.dropLast(signature)), "missing")
        try add(
            "signature-short", "a signature of 63 bytes",
            TLVBytes.join(TLVBytes.split(encoded).dropLast()) + TLVBytes.field(0xFFFE, Array(encoded.suffix(64).dropLast())), "bad-length")
        try add(
            "signature-long", "a signature of 65 bytes",
            TLVBytes.join(TLVBytes.split(encoded).dropLast()) + TLVBytes.field(0xFFFE, encoded.suffix(64) + [0]), "bad-length")
        try add("behind", "a field behind the signature", encoded + TLVBytes.field(0xFFFF, []), "trailing", Clauses.behindSignature)
        try add("behind-bytes", "a byte behind the signature", encoded + [0], "truncated")
        try add("even", "a signed field that is unknown and even", mesh.forge(worker) { $0.append((100, [1])) }, "unknown-critical")
        try add("empty", "no bytes", [], "missing")
        try add("cut", "the last byte is not there", Array(encoded.dropLast()), "truncated")
        try add(
            "large", "1,025 bytes", mesh.forge(worker) { $0.append((101, [UInt8](repeating: 1, count: 1_025 - encoded.count - 4))) },
            "oversized", Clauses.certificateSize)
        cases.append(
            VectorCase(
                "largest", Clauses.certificateSize, "1,024 bytes",
                try vector(mesh.forge(worker) { $0.append((101, [UInt8](repeating: 1, count: 1_024 - encoded.count - 4))) })))
        return cases
    }

    private static func forgeries() throws -> [VectorCase] {
        let mesh = try SampleMesh()
        let worker = try mesh.member("worker-1").certificate
        let other = try mesh.member("worker-2").certificate
        let foreign = try SampleMesh("another mesh")
        let stranger = try IdentityKeyPair(seed: SecretBytes(Label.bytes("stranger")))
        let encoded = worker.encoded
        var cases: [VectorCase] = []
        func add(
            _ id: String, _ text: String, _ input: VectorValue, _ error: String = "authentication", _ clauses: [String] = Clauses.signature
        ) {
            cases.append(VectorCase(id, clauses, text, input, error: error))
        }
        add(
            "foreign", "a certificate of another mesh", try vector(try foreign.member("worker-1").certificate.encoded), "wrong-peer",
            Clauses.mesh)
        add(
            "other-authority", "another authority than the signer", try vector(encoded, authority: foreign.authority.publicKey),
            "wrong-peer", Clauses.mesh)
        add(
            "claimed", "another authority's signature under this mesh's id",
            try vector(mesh.forge(worker, signer: foreign.authority) { _ in }))
        add("self-signed", "signed by a stranger", try vector(mesh.forge(worker, signer: stranger) { _ in }))
        add(
            "node-id", "a signed node id that does not follow", try vector(mesh.forge(worker) { $0[1].value = other.nodeID.bytes }),
            "authentication", Clauses.nodeID)
        add(
            "salt", "a signed salt from which the node id does not follow", try vector(mesh.forge(worker) { $0[6].value = other.salt }),
            "authentication", Clauses.nodeID)
        add(
            "identity", "a signed identity key from which the node id does not follow",
            try vector(mesh.forge(worker) { $0[4].value = other.identityKey.bytes }), "authentication", Clauses.nodeID)
        add("signature-other", "the signature of another certificate", try vector(encoded.dropLast(64) + other.encoded.suffix(64)))
        add("signature-zero", "a signature of zeros", try vector(encoded.dropLast(64) + [UInt8](repeating: 0, count: 64)))
        let body = Array(encoded.dropLast(68))
        add("domain", "signed for another purpose", try vector(body + TLVBytes.field(0xFFFE, mesh.authority.sign(.enrolment, body))))
        var position = 0
        for field in TLVBytes.split(encoded).dropLast() where field.type != 2 {
            position = TLVBytes.join(TLVBytes.split(encoded).filter { $0.type <= field.type }).count - 1
            var changed = encoded
            changed[position] ^= 1
            add("changed-\(field.type)", "the last byte of field \(field.type) is changed under the old signature", try vector(changed))
        }
        for offset in [0, 31, 32, 62] {
            var changed = encoded
            changed[encoded.count - 64 + offset] ^= 0x10
            add("signature-\(offset)", "byte \(offset) of the signature is changed", try vector(changed))
        }
        return cases
    }

    // MARK: Enrolment

    private static func request(_ name: String) -> VectorValue {
        ["seed": Label.hex("joiner seed"), "handshake_hash": Label.hex("joiner hash \(name.count)"), "name": .string(name)]
    }

    private static func signatures() -> [VectorCase] {
        ["a", "worker-1", String(repeating: "n", count: 128)].map { name in
            VectorCase("name-\(name.utf8.count)", Clauses.enrolRequest, "a name of \(name.utf8.count) bytes", request(name))
        }
    }

    private static func verified() throws -> [VectorCase] {
        let joiner = try IdentityKeyPair(seed: SecretBytes(Label.bytes("joiner seed")))
        let hash = Bytes32(Label.bytes("joiner hash")) ?? Bytes32()
        let message = EnrolRequest.signedBytes(handshakeHash: hash, name: "worker-1")
        let signature = joiner.sign(.enrolment, message)
        let base: VectorValue = [
            "identity_key": .string(joiner.publicKey.hex), "handshake_hash": .string(hash.hex), "name": "worker-1",
            "signature": .hex(signature),
        ]
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0x10,
        ]
        let rows: [(String, String, String, VectorValue)] = [
            ("hash", "the hash of another handshake: the request is bound to its link", "handshake_hash", Label.hex("another hash")),
            ("name", "another name", "name", "worker-2"), ("name-longer", "a longer name", "name", "worker-10"),
            ("key", "another key", "identity_key", .string(try SampleMesh().authority.publicKey.hex)),
            ("short", "63 bytes", "signature", .hex(Array(signature.dropLast()))), ("long", "65 bytes", "signature", .hex(signature + [0])),
            ("empty", "no bytes", "signature", ""), ("zero", "zeros", "signature", .hex([UInt8](repeating: 0, count: 64))),
            ("domain", "a signature for another purpose", "signature", .hex(joiner.sign(.certificate, message))),
            ("s-plus-l", "S + L in place of S", "signature", .hex(signature.prefix(32) + added(Array(signature.suffix(32)), order))),
            ("small-key", "a key of small order", "identity_key", .hex([1] + [UInt8](repeating: 0, count: 31))),
            ("r", "a changed R", "signature", .hex([signature[0] ^ 1] + signature.dropFirst())),
        ]
        return [VectorCase("good", Clauses.enrolRequest, "a good signature", base)]
            + rows.map { VectorCase($0.0, Clauses.enrolRequest, $0.1, base.setting($0.2, $0.3), error: "authentication") }
    }

    /// The sum of two little-endian numbers of 32 bytes.
    private static func added(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var carry = 0
        return zip(a, b).map { x, y in
            let sum = Int(x) + Int(y) + carry
            carry = sum >> 8
            return UInt8(truncatingIfNeeded: sum)
        }
    }
}
