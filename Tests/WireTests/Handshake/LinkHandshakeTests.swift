import Testing
import Wire

@Suite struct LinkHandshakeTests {
    private static let suites = Wire.Suite.allCases.filter(\.isAvailable)

    // HS-2.4, HS-8.5
    @Test(arguments: suites, [1, 7, Int.max])
    func membersLink(suite: Wire.Suite, piece: Int) throws {
        var mesh = try Mesh()
        let (worker, other) = (try mesh.member("worker-1"), try mesh.member("worker-2", [.worker, .relay]))
        let nodeID = try #require(other.certificate?.nodeID)
        let initiator = mesh.initiator(worker, expecting: .node(nodeID), suite: suite)
        var pair = try LinkedPair.link(initiator, mesh.responder(other), piece: piece)
        #expect(pair.initiator.certificate == other.certificate)
        #expect(pair.responder.certificate == worker.certificate)
        #expect(pair.initiator.peerStaticKey == other.staticKey.publicKey)
        #expect(pair.responder.peerStaticKey == worker.staticKey.publicKey)
        #expect(pair.initiator.handshakeHash == pair.responder.handshakeHash)
        #expect(pair.initiator.suite == suite && pair.responder.suite == suite)
        #expect(pair.initiator.tokenID == nil && pair.responder.tokenID == nil)
        #expect(pair.responder.isExpired == false)
        #expect(pair.responder.peerParameters == LinkParameters(bootEpoch: 1, streamWindow: 100, features: []))
        #expect(pair.initiator.peerParameters == LinkParameters(bootEpoch: 2, features: [.aes]))
        #expect(try pair.responder.receive.opened(try pair.initiator.send.sealed([1, 2])) == [1, 2])
        #expect(try pair.initiator.receive.opened(try pair.responder.send.sealed([3])) == [3])
    }

    // HS-3.2
    @Test func joinerLinksWithItsToken() throws {
        var mesh = try Mesh()
        let (joiner, coordinator) = (try mesh.stranger(), try mesh.member("coordinator", .coordinator))
        let (token, other) = (try mesh.token(), try mesh.token())
        let pair = try LinkedPair.link(
            mesh.initiator(joiner, expecting: .enrolment(token)), mesh.responder(coordinator, tokens: [other, token]))
        #expect(pair.responder.tokenID == token.id && pair.initiator.tokenID == token.id)
        #expect(pair.responder.certificate == nil && pair.initiator.certificate == coordinator.certificate)
        #expect(pair.responder.peerStaticKey == joiner.staticKey.publicKey)
        #expect(pair.initiator.handshakeHash == pair.responder.handshakeHash)
    }

    // TOKEN-3.1
    /// A joiner that has been in another mesh must not show that mesh's certificate, nor trust its authority.
    @Test func joinerTrustsItsTokenOnly() throws {
        var (mesh, elsewhere) = (try Mesh(seed: 1), try Mesh(seed: 2))
        let (joiner, coordinator) = (try elsewhere.member("w"), try mesh.member("coordinator", .coordinator))
        let token = try mesh.token()
        let pair = try LinkedPair.link(
            mesh.initiator(joiner, expecting: .enrolment(token)), mesh.responder(coordinator, tokens: [token]))
        #expect(pair.responder.certificate == nil)
    }

    @Test func recordsBehindTheLastMessageAreHandedOn() throws {
        var mesh = try Mesh()
        let (worker, other) = (try mesh.member("a"), try mesh.member("b"))
        let pair = try LinkedPair.link(
            mesh.initiator(worker, expecting: .role(.worker)), mesh.responder(other), behind: [UInt8](repeating: 5, count: 70_000))
        #expect(pair.responder.leftover.count == 70_000)
        #expect(pair.initiator.leftover == [])
    }

    @Test func anExpiredPeerIsReportedByTheResponder() throws {
        var mesh = try Mesh()
        let (worker, coordinator) = (try mesh.member("w", life: 10), try mesh.member("c", .coordinator))
        let late = mesh.now + 10
        let pair = try LinkedPair.link(mesh.initiator(worker, expecting: .role(.coordinator)), mesh.responder(coordinator, now: late))
        #expect(pair.responder.isExpired == true)
    }

    // MARK: The initiator's check of message 2

    // HS-7.2, HS-8.6
    @Test func theWrongNodeIsLeftBeforeMessage3() throws {
        var mesh = try Mesh()
        let (worker, meant, found) = (try mesh.member("w"), try mesh.member("meant"), try mesh.member("found"))
        let nodeID = try #require(meant.certificate?.nodeID)
        var initiator = mesh.initiator(worker, expecting: .node(nodeID))
        var responder = mesh.responder(found)
        let answer = try responder.answer(to: try initiator.start())
        #expect(throws: WireError.certificate(.wrongPeer)) { _ = try initiator.conclude(with: answer) }
        #expect(throws: WireError.streamState) { _ = try initiator.conclude(with: answer) }
    }

    // HS-7.2
    @Test func theWrongRoleIsLeft() throws {
        var mesh = try Mesh()
        let (worker, found, token) = (try mesh.member("w"), try mesh.member("found"), try mesh.token())
        for expectation in [PeerExpectation.role(.coordinator), .role([.worker, .relay]), .enrolment(token)] {
            var initiator = mesh.initiator(worker, expecting: expectation)
            var responder = mesh.responder(found, tokens: [token])
            let answer = try responder.answer(to: try initiator.start())
            #expect(throws: WireError.certificate(.wrongPeer)) { _ = try initiator.conclude(with: answer) }
        }
    }

    // HS-7.3
    @Test func anExpiredResponderIsLeft() throws {
        var mesh = try Mesh()
        let (worker, found) = (try mesh.member("w"), try mesh.member("found", life: 0))
        var initiator = mesh.initiator(worker, expecting: .role(.worker))
        var responder = mesh.responder(found)
        let answer = try responder.answer(to: try initiator.start())
        #expect(throws: WireError.certificate(.expired)) { _ = try initiator.conclude(with: answer) }
    }

    /// The same authority key is what makes a mesh: a member of another one does not get past mac1.
    @Test func meshesDoNotMix() throws {
        var (mesh, elsewhere) = (try Mesh(seed: 1), try Mesh(seed: 2))
        let (worker, found) = (try mesh.member("w"), try elsewhere.member("found"))
        var initiator = mesh.initiator(worker, expecting: .role(.worker))
        var responder = elsewhere.responder(found)
        let first = try initiator.start()
        #expect(throws: WireError.authentication) { try responder.answer(to: first) }
    }

    // HS-7.1
    /// A responder of this mesh that shows a certificate of another one.
    @Test func aCertificateOfAnotherMeshIsRefusedOnBothSides() throws {
        var (mesh, elsewhere) = (try Mesh(seed: 1), try Mesh(seed: 2))
        var (worker, found) = (try mesh.member("w"), try mesh.member("found"))
        let foreign = try elsewhere.member("foreign").certificate
        let honest = worker
        found.certificate = foreign
        var initiator = mesh.initiator(honest, expecting: .role(.worker))
        var responder = mesh.responder(found)
        let answer = try responder.answer(to: try initiator.start())
        #expect(throws: WireError.certificate(.wrongPeer)) { _ = try initiator.conclude(with: answer) }
        worker.certificate = foreign
        try refusedByResponder(worker, .certificate(.wrongPeer), &mesh)
    }

    // MARK: Certificates that do not fit the handshake

    // ID-6.4, HS-7.1
    @Test func aCertificateOfAnotherKeyIsRefusedOnBothSides() throws {
        var mesh = try Mesh()
        var (thief, honest) = (try mesh.member("thief"), try mesh.member("honest"))
        let stolen = try mesh.member("victim").certificate
        thief.certificate = stolen
        try refusedByResponder(thief, .authentication, &mesh)
        honest.certificate = stolen
        var initiator = mesh.initiator(try mesh.member("w"), expecting: .role(.worker))
        var responder = mesh.responder(honest)
        let answer = try responder.answer(to: try initiator.start())
        #expect(throws: WireError.authentication) { _ = try initiator.conclude(with: answer) }
    }

    // HS-7.6
    @Test func whoHasNoCertificateOpensAndAcceptsNothing() throws {
        var mesh = try Mesh()
        let stranger = try mesh.stranger()
        var initiator = mesh.initiator(stranger, expecting: .role(.worker))
        #expect(throws: WireError.certificate(.permissionDenied)) { try initiator.start() }
        var member = mesh.initiator(try mesh.member("w"), expecting: .role(.worker))
        var responder = mesh.responder(stranger)
        let first = try member.start()
        #expect(throws: WireError.certificate(.permissionDenied)) { try responder.answer(to: first) }
    }

    // MARK: Tokens

    // TOKEN-3.2, HS-3.2
    @Test func wrongTokensMeetSilence() throws {
        var mesh = try Mesh()
        let (joiner, coordinator) = (try mesh.stranger(), try mesh.member("coordinator", .coordinator))
        let token = try mesh.token()
        var wrongSecret = token
        wrongSecret.secret = SecretBytes([UInt8](repeating: 1, count: 32))
        var unknown = mesh.initiator(joiner, expecting: .enrolment(try mesh.token()))
        var responder = mesh.responder(coordinator, tokens: [token])
        let first = try unknown.start()
        #expect(throws: WireError.authentication) { try responder.answer(to: first) }
        var mistaken = mesh.initiator(joiner, expecting: .enrolment(wrongSecret))
        var second = mesh.responder(coordinator, tokens: [token])
        let (last, _) = try mistaken.conclude(with: try second.answer(to: try mistaken.start()))
        #expect(throws: WireError.authentication) { _ = try second.conclude(with: last) }
    }

    private func refusedByResponder(_ credentials: NodeCredentials, _ error: WireError, _ mesh: inout Mesh) throws {
        var initiator = mesh.initiator(credentials, expecting: .role(.worker))
        var responder = mesh.responder(try mesh.member("responder"))
        let (last, _) = try initiator.conclude(with: try responder.answer(to: try initiator.start()))
        #expect(throws: error) { _ = try responder.conclude(with: last) }
        #expect(throws: WireError.streamState) { _ = try responder.conclude(with: last) }
    }
}
