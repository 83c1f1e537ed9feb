import MeshTestKit
import Testing
import Wire

/// Flights that no honest peer sends.
@Suite struct HandshakeInputTests {
    @Test func anyAlteredByteOfAMembersLinkIsNoticed() throws {
        try alterEveryByte { mesh in
            let (worker, other) = (try mesh.member("a"), try mesh.member("b"))
            return (Box(mesh.initiator(worker, expecting: .role(.worker))), Box(mesh.responder(other)))
        }
    }

    @Test func anyAlteredByteOfAnEnrolmentIsNoticed() throws {
        try alterEveryByte { mesh in
            let (joiner, coordinator, token) = (try mesh.stranger(), try mesh.member("c", .coordinator), try mesh.token())
            return (Box(mesh.initiator(joiner, expecting: .enrolment(token))), Box(mesh.responder(coordinator, tokens: [token])))
        }
    }

    // HS-8.5
    /// Cut off anywhere, a flight only makes its reader wait; and the whole of it arrives byte by byte.
    @Test func aTruncatedFirstFlightWaits() throws {
        var mesh = try Mesh()
        let (worker, other) = (try mesh.member("a"), try mesh.member("b"))
        var initiator = mesh.initiator(worker, expecting: .role(.worker))
        let flight = try initiator.start()
        var responder = mesh.responder(other)
        for byte in flight.dropLast() {
            guard case .needMore = try responder.receive([byte]) else {
                Issue.record("answered half a flight")
                return
            }
        }
        guard case .send = try responder.receive([flight[flight.count - 1]]) else {
            Issue.record("did not answer a whole flight")
            return
        }
    }

    private static let magic: [UInt8] = Array("WMSH".utf8)
    private static let prefaces: [[UInt8]] = [
        [2, 1, 1, 0], [0, 1, 1, 0], [1, 9, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 3, 0], [1, 1, 4, 0], [1, 1, 1, 1], [1, 2, 2, 0],
    ]

    // HS-2.1, HS-2.2
    @Test(arguments: prefaces.map { magic + $0 } + [[], Array("GET / HT".utf8), magic])
    func otherPrefacesAreRefused(preface: [UInt8]) throws {
        #expect(throws: WireError.badPreface) { _ = try Preface(decoding: preface) }
        guard preface.count == Preface.length else { return }
        var mesh = try Mesh()
        var responder = mesh.responder(try mesh.member("b"))
        #expect(throws: WireError.badPreface) { _ = try responder.receive(preface) }
        #expect(throws: WireError.streamState) { _ = try responder.receive(preface) }
    }

    // HS-8.2
    /// The length is refused as soon as it is there: nothing is kept for what will not be read.
    @Test func longMessagesAreRefusedByTheirLength() throws {
        var mesh = try Mesh()
        let preface = Preface(suite: .chaChaPoly, pattern: .member).encoded
        var responder = mesh.responder(try mesh.member("b"))
        #expect(throws: WireError.oversized) { _ = try responder.receive(preface + [0x10, 0x01]) }
        var initiator = mesh.initiator(try mesh.member("a"), expecting: .role(.worker))
        _ = try initiator.start()
        #expect(throws: WireError.oversized) { _ = try initiator.receive([0xFF, 0xFF]) }
        var patient = mesh.responder(try mesh.member("c"))
        guard case .needMore = try patient.receive(preface + [0x10, 0x00]) else {
            Issue.record("the limit itself is allowed")
            return
        }
    }

    // HS-4.3
    @Test func nothingMayFollowTheFirstFlight() throws {
        var mesh = try Mesh()
        var initiator = mesh.initiator(try mesh.member("a"), expecting: .role(.worker))
        var responder = mesh.responder(try mesh.member("b"))
        let flight = try initiator.start() + [0]
        #expect(throws: WireError.trailing) { _ = try responder.receive(flight) }
    }

    // HS-4.1
    /// The token is looked up before any key is touched, and the mac is checked before the token is looked up.
    @Test func mac1IsCheckedFirst() throws {
        var mesh = try Mesh()
        let other = try mesh.member("b")
        var asked = 0
        func responder() -> LinkResponder {
            LinkResponder(
                credentials: other, parameters: LinkParameters(bootEpoch: 1), now: mesh.now, ephemeral: SecretBytes([])
            ) { _ in
                asked += 1
                return nil
            }
        }
        var joining = mesh.initiator(try mesh.stranger(), expecting: .enrolment(try mesh.token()))
        let flight = try joining.start()
        for position in flight.count - 16..<flight.count {
            var forged = flight
            forged[position] ^= 1
            var strict = responder()
            #expect(throws: WireError.authentication) { _ = try strict.receive(forged) }
            #expect(asked == 0)
        }
        var asking = responder()
        #expect(throws: WireError.authentication) { _ = try asking.receive(flight) }
        #expect(asked == 1)
    }

    @Test func aReplayedFirstFlightLeadsNowhere() throws {
        var mesh = try Mesh()
        let (worker, other) = (try mesh.member("a"), try mesh.member("b"))
        var initiator = mesh.initiator(worker, expecting: .role(.worker))
        let first = try initiator.start()
        var responder = mesh.responder(other)
        let (last, _) = try initiator.conclude(with: try responder.answer(to: first))
        var again = mesh.responder(other)
        _ = try again.answer(to: first)
        #expect(throws: WireError.authentication) { _ = try again.conclude(with: last) }
    }

    // MARK: Payloads

    // HS-6.1, HS-6.2, HS-6.3
    @Test func whatWasNegotiatedMustBeWhatWasOffered() throws {
        let preface = Preface(suite: .chaChaPoly, pattern: .member)
        var payload = HandshakePayload(preface: preface, parameters: LinkParameters(bootEpoch: 1), certificate: nil)
        #expect(throws: Never.self) { try payload.checkOffer(preface) }
        #expect(throws: WireError.downgrade) { try payload.checkOffer(Preface(suite: .aesGCM, pattern: .member)) }
        #expect(throws: WireError.downgrade) { try payload.checkOffer(Preface(suite: .chaChaPoly, pattern: .enrolment)) }
        payload.majors = [2]
        #expect(throws: WireError.downgrade, "the peer does not speak what is in use") { try payload.checkOffer(preface) }
        payload.majors = [1, 2]
        #expect(throws: Never.self, "it speaks more than we do") { try payload.checkOffer(preface) }
        payload.suites = [Wire.Suite.aesGCM.rawValue]
        #expect(throws: WireError.downgrade) { try payload.checkOffer(preface) }
    }

    // HS-6.1
    /// A peer that is honest in all but what it says it was offered.
    @Test func aDowngradeEndsTheHandshakeOnBothSides() throws {
        var mesh = try Mesh()
        let (mine, theirs) = (try mesh.member("honest"), try mesh.member("liar"))
        let preface = Preface(suite: .chaChaPoly, pattern: .member)
        let ephemeral = try StaticKeyPair(secret: SecretBytes(mesh.random.bytes(32)))
        let keys = HandshakeKeys(staticKey: theirs.staticKey, ephemeral: ephemeral)
        var lie = HandshakePayload(preface: preface, parameters: LinkParameters(bootEpoch: 1), certificate: theirs.certificate)
        lie.preface = Preface(suite: .aesGCM, pattern: .member).encoded
        func liar(_ role: HandshakeRole) throws -> HandshakeState {
            try HandshakeState(.xx, suite: .chaChaPoly, role: role, prologue: preface.prologue(clear: []), keys: keys)
        }
        func framed(_ message: [UInt8]) -> [UInt8] { [UInt8(message.count >> 8), UInt8(message.count & 255)] + message }

        var initiator = mesh.initiator(mine, expecting: .role(.worker))
        var answering = try liar(.responder)
        _ = try answering.read(Array(try initiator.start()[10..<42]))
        let answer = framed(try answering.write(try lie.encoded()))
        #expect(throws: WireError.downgrade) { _ = try initiator.receive(answer) }

        var responder = mesh.responder(mine)
        var asking = try liar(.initiator)
        let flight = preface.encoded + framed(try asking.write([]))
        let mac = Mac1.compute(meshID: mine.meshID, over: flight).exposed
        _ = try asking.read(Array(try responder.answer(to: flight + mac).dropFirst(2)))
        let last = framed(try asking.write(try lie.encoded()))
        #expect(throws: WireError.downgrade) { _ = try responder.receive(last) }
    }

    // CONV-4.14
    @Test func payloadsAreCanonical() throws {
        let preface = Preface(suite: .chaChaPoly, pattern: .member)
        let payload = HandshakePayload(preface: preface, parameters: LinkParameters(bootEpoch: 1), certificate: nil)
        let encoded = try payload.encoded()
        let decoded = try encoded.decode(HandshakePayload.init(decoding:))
        #expect(decoded.parameters == payload.parameters && decoded.suites == payload.suites && decoded.certificate == nil)
        for length in encoded.indices {
            #expect(throws: WireError.self) { _ = try Array(encoded.prefix(length)).decode(HandshakePayload.init(decoding:)) }
        }
        for (extra, error) in [([0, 12, 0, 0], .unknownCritical(12)), ([0, 8, 0, 0], .unordered(8))] as [([UInt8], WireError)] {
            #expect(throws: error) { _ = try (encoded + extra).decode(HandshakePayload.init(decoding:)) }
        }
        #expect(throws: Never.self) { _ = try (encoded + [0, 13, 0, 1, 9]).decode(HandshakePayload.init(decoding:)) }
        for (majors, error) in [([2, 1], WireError.badValue(4)), ([1, 1], .badValue(4))] as [([UInt8], WireError)] {
            var repeated = payload
            repeated.majors = majors
            #expect(throws: error) { _ = try (try repeated.encoded()).decode(HandshakePayload.init(decoding:)) }
        }
    }

    /// Runs the handshake once for each byte of each flight with that byte altered. It never ends well on both sides.
    private func alterEveryByte(_ make: (inout Mesh) throws -> (Box<LinkInitiator>, Box<LinkResponder>)) throws {
        for flight in 0..<3 {
            var length = 1
            var position = 0
            while position < length {
                var mesh = try Mesh()
                let (initiator, responder) = try make(&mesh)
                #expect(throws: WireError.self, "flight \(flight), byte \(position)") {
                    _ = try LinkedPair.link(try initiator.take(), try responder.take()) { number, bytes in
                        guard number == flight else { return }
                        length = bytes.count
                        bytes[position] ^= 0x10
                    }
                }
                position += 1
            }
        }
    }
}
