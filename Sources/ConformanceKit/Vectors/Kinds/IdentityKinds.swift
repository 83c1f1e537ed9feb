import Wire

extension VectorKind {
    /// The ids that follow from keys.
    static let ids = VectorKind("ids") { (input) throws(VectorFormatError) in
        let authority = try input.bytes32("authority")
        let identityKey = try input.bytes32("identity_key")
        let salt = try input.hex("salt", count: 16)
        return {
            [
                "mesh_id": .string(MeshID.meshID(authority: authority).hex),
                "node_id": .string(NodeID.nodeID(identityKey: identityKey, salt: salt).hex),
            ]
        }
    }

    /// The mac that follows message 1.
    static let mac1 = VectorKind("mac1") { (input) throws(VectorFormatError) in
        let meshID = try input.bytes32("mesh_id")
        let bytes = try input.hex("bytes")
        return { ["mac1": .hex(Mac1.compute(meshID: meshID, over: bytes).exposed)] }
    }

    /// A certificate that an authority issues.
    static let certificateIssue = VectorKind("certificate-issue") { (input) throws(VectorFormatError) in
        let authority = try input.identity("authority_seed")
        let subject = Certificate.Subject(
            name: try input.text("name"), roles: Roles(rawValue: try input.number("roles")), identityKey: try input.bytes32("identity_key"),
            staticKey: try input.bytes32("static_key"), salt: try input.hex("salt"),
            features: Features(rawValue: try input.number("features")))
        let serial = try input.u64("serial")
        let issuedAt = try input.u64("issued_at")
        let life = try input.u64("life")
        return {
            let certificate = try Certificate.issue(
                subject, serial: serial, now: UnixTime(seconds: issuedAt), life: life, authority: authority)
            return ["certificate": .hex(certificate.encoded)]
        }
    }

    /// A certificate that is read and verified.
    static let certificate = VectorKind("certificate") { (input) throws(VectorFormatError) in
        let authority = try input.bytes32("authority")
        let now = try input.u64("now")
        let bytes = try input.hex("certificate")
        return {
            let certificate = try Certificate(decoding: bytes)
            try certificate.verify(authority: authority)
            return certificate.vector(expired: certificate.isExpired(at: UnixTime(seconds: now)))
        }
    }

    /// A joiner's signature of its request.
    static let enrolmentSignature = VectorKind("enrolment-signature") { (input) throws(VectorFormatError) in
        let identity = try input.identity("seed")
        let hash = try input.bytes32("handshake_hash")
        let name = try input.text("name")
        return {
            let signature = identity.sign(.enrolment, EnrolRequest.signedBytes(handshakeHash: hash, name: name))
            return ["identity_key": .string(identity.publicKey.hex), "signature": .hex(signature)]
        }
    }

    /// The same signature, verified.
    static let enrolmentVerify = VectorKind("enrolment-verify") { (input) throws(VectorFormatError) in
        let key = try input.bytes32("identity_key")
        let hash = try input.bytes32("handshake_hash")
        let name = try input.text("name")
        let signature = try input.hex("signature")
        return {
            guard key.verifies(signature, .enrolment, EnrolRequest.signedBytes(handshakeHash: hash, name: name)) else {
                throw WireError.authentication
            }
            return ["valid": true]
        }
    }

    /// The text of a join token, read.
    static let token = VectorKind("token") { (input) throws(VectorFormatError) in
        let text = try input.text("text")
        return {
            let token = try JoinToken(text)
            return VectorFields.object {
                $0.put("id", .hex(token.id.bytes))
                $0.put("secret", .hex(token.secret.exposed))
                $0.put("authority", token.authority.hex)
                $0.put("endpoints", token.endpoints)
            }
        }
    }

    /// The text of a join token, written.
    static let tokenText = VectorKind("token-text") { (input) throws(VectorFormatError) in
        let id = TokenID(try input.hex("id", count: 16))
        let secret = try input.secret("secret")
        let authority = try input.bytes32("authority")
        let endpoints = try input.texts("endpoints").compactMap { Endpoint($0) }
        guard let id else { throw VectorFormatError(line: input.line, "a token's id has 16 bytes") }
        return {
            let token = JoinToken(id: id, secret: secret, authority: authority, endpoints: endpoints)
            return ["text": .string(try token.text())]
        }
    }

    /// A code of RESET, STOP or GOAWAY.
    static let errorCode = VectorKind("error-code") { (input) throws(VectorFormatError) in
        let code = ErrorCode(rawValue: try input.number("code"))
        return {
            VectorFields.object {
                if ErrorCode.table.contains(where: { $0.code.base == code.base }) { $0.put("name", code.name) }
                $0.put("base", code.base.rawValue)
                $0.put("not_processed", .bool(code.isNotProcessed))
                $0.put("http_status", code.httpStatus)
            }
        }
    }

    /// The text of a duration.
    static let duration = VectorKind("duration") { (input) throws(VectorFormatError) in
        let text = try input.text("text")
        return {
            guard let milliseconds = TimeText.milliseconds(text) else { throw WireError.badValue(0) }
            return ["milliseconds": .number(milliseconds)]
        }
    }

    /// An LZ4 block, decompressed.
    static let lz4 = VectorKind("lz4") { (input) throws(VectorFormatError) in
        let rawSize: Int = try input.number("raw_size")
        let block = try input.hex("block")
        return {
            var raw: [UInt8] = []
            try block.decode { (bytes) throws(WireError) in try LZ4.decompress(bytes, rawSize: rawSize, into: &raw) }
            return ["length": .int(raw.count), "sha256": .string(SHA256.hash(raw).hex)]
        }
    }
}

extension Certificate {
    fileprivate func vector(expired: Bool) -> VectorValue {
        VectorFields.object {
            $0.put("mesh_id", meshID.hex)
            $0.put("node_id", nodeID.hex)
            $0.put("name", name)
            $0.put("roles", roles.rawValue)
            $0.put("identity_key", identityKey.hex)
            $0.put("static_key", staticKey.hex)
            $0.put("salt", .hex(salt))
            $0.put("serial", .u64(serial))
            $0.put("issued_at", .u64(issuedAt.seconds))
            $0.put("expires", .u64(expires.seconds))
            $0.put("features", features.rawValue)
            $0.put("expired", .bool(expired))
        }
    }
}
