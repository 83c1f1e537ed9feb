import Wire

extension Scene {
    /// What a joiner asks, signed for the handshake of `link`.
    static func request(
        _ identity: Identity, name: String? = nil, hash: Bytes32, roles: Roles = .worker, features: Features = []
    ) -> EnrolRequest {
        let name = name ?? identity.name
        return EnrolRequest(
            name: name, identityKey: identity.keys.publicKey, features: features, roles: roles,
            signature: identity.keys.sign(.enrolment, EnrolRequest.signedBytes(handshakeHash: hash, name: name)))
    }

    /// Joins the target's mesh: `identity` with the certificate that it got.
    func enrol(_ identity: Identity) async throws -> Identity {
        var place = self
        place.target = coordinator
        let link = try await place.joinerLink(identity)
        let stream = try link.call(MeshMethod.enrol, try Self.request(identity, hash: link.handshakeHash).encode())
        let answer: EnrolAnswer
        do { answer = try EnrolAnswer(try await link.expectAnswer(stream).body) } catch let error as WireError {
            throw Mismatch(expected: "an EnrolAnswer", seen: "\(error)")
        }
        var admitted = identity
        admitted.certificate = answer.certificate
        guard let certificate = admitted.certified, (try? certificate.verify(authority: authority)) != nil,
            certificate.identityKey == identity.keys.publicKey, certificate.staticKey == identity.staticKey.publicKey
        else { throw Mismatch(expected: "a certificate of this mesh for the joiner's keys", seen: "another") }
        admitted.name = certificate.name
        return admitted
    }
}
