import Testing
import Wire

/// The messages of the DHT: what is written is read, what is signed is verified, and nothing else is.
@Suite struct DHTMessageTests {
    private let authority: IdentityKeyPair
    private let identity: IdentityKeyPair
    private let certificate: Certificate
    private let now = UnixTime(seconds: 1_800_000_000)

    init() throws {
        authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 1, count: 32)))
        identity = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 2, count: 32)))
        let staticKey = try StaticKeyPair(secret: SecretBytes([UInt8](repeating: 3, count: 32)))
        let subject = Certificate.Subject(
            name: "worker-1", roles: .worker, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: [UInt8](repeating: 4, count: 16))
        certificate = try Certificate.issue(subject, serial: 1, now: now, authority: authority)
    }

    private var contact: Contact {
        Contact(
            nodeID: certificate.nodeID, staticKey: certificate.staticKey,
            endpoints: [Endpoint(host: "10.0.0.1", port: 7_701), Endpoint(host: "::1", port: 7_701)], sequence: 9)
    }

    private func entry(_ change: (inout ProviderEntry.Offer) -> Void = { _ in }) throws -> ProviderEntry {
        var offer = ProviderEntry.Offer(service: "ocr", incarnation: 7, sequence: 3)
        offer.endpoints = contact.endpoints
        offer.region = "eu"
        offer.capabilities = ["gpu": .bool(true)]
        change(&offer)
        return try ProviderEntry(signing: offer, certificate: certificate, identity: identity)
    }

    @Test func everyRequestComesBack() throws {
        let entry = try entry()
        let signed = try contact.signed(by: identity)
        let questions: [DHTRequest.Question] = [
            .ping(nil), .ping(signed), .probe(nil), .probe(contact),
            .find(FindRequest(target: certificate.nodeID, entries: 2, contacts: 8)),
            .store(StoreRequest(key: .serviceKey("ocr"), version: entry.version, entry: entry)),
            .store(StoreRequest(key: .serviceKey("ocr"), version: entry.version, split: 8)),
            .unreachable(UnreachableHint(key: .serviceKey("ocr"), provider: entry.nodeID, version: entry.version)),
            .sync(SyncRequest(digests: Array(0..<64))), .sync(SyncRequest(bucket: 63, fingerprints: [1, .max])),
            .sync(SyncRequest(bucket: 0, entries: [ViewEntry(contact: signed, isGone: true)])),
        ]
        for question in questions {
            let request = DHTRequest(exchange: .max, isClient: true, question)
            #expect(try DHTRequest(request.encode()) == request)
        }
    }

    @Test func everyAnswerComesBack() throws {
        let held = HeldEntry(entry: try entry(), remaining: 89_000)
        let replies: [DHTAnswer.Reply] = [
            .pong(Pong(observed: contact.endpoints[0])), .pong(Pong(observed: contact.endpoints[1], contact: contact)), .noted,
            .found(FindAnswer(entries: [held], total: 70, split: 1, contacts: [contact])), .found(FindAnswer()),
            .stored(StoreAnswer(outcome: .full, split: 1)), .synced(SyncAnswer(differing: 5)),
            .synced(SyncAnswer(entries: [ViewEntry(contact: contact)], wanted: [3])), .refused(.overloaded),
        ]
        for reply in replies {
            let answer = DHTAnswer(exchange: 0, reply)
            #expect(try DHTAnswer(answer.encode()) == answer)
        }
    }

    // DHT-4.2
    @Test func oneQuestionAndOneReply() throws {
        let find = try FindRequest(target: certificate.nodeID, entries: 2, contacts: 8).encode()
        var writer = TLVWriter()
        writer.put(2, UInt32(1))
        writer.put(4, UInt8(0))
        let none = try writer.finish()
        #expect(throws: WireError.missing(6)) { try DHTRequest(none) }
        writer.put(6, bytes: [])
        writer.put(8, bytes: find)
        let two = try writer.finish()
        #expect(throws: WireError.badValue(8)) { try DHTRequest(two) }
        var answer = TLVWriter()
        answer.put(2, UInt32(1))
        let nothing = try answer.finish()
        #expect(throws: WireError.missing(6)) { try DHTAnswer(nothing) }
        answer.put(14, UInt8(1))
        answer.put(16, UInt8(1))
        let both = try answer.finish()
        #expect(throws: WireError.badValue(16)) { try DHTAnswer(both) }
    }

    // DHT-4.1, DHT-3.3
    @Test func whatIsTooLongIsRefused() throws {
        let padding = [0xFF, 0xFF, 4, 0x90] + [UInt8](repeating: 0, count: 1_168)
        let request = try DHTRequest(exchange: 1, .ping(nil)).encode()
        #expect(throws: WireError.oversized) { try DHTRequest(request + padding) }
        let answer = try DHTAnswer(exchange: 1, .noted).encode()
        #expect(throws: WireError.oversized) { try DHTAnswer(answer + padding) }
        #expect(throws: WireError.oversized) { try ProviderEntry([UInt8](repeating: 0, count: Limits.providerEntry + 1)) }
        #expect(throws: WireError.oversized) {
            try entry { $0.capabilities = ["a": .text(String(repeating: "x", count: 800))] }
        }
    }

    @Test func oneEntryAlwaysFitsAnAnswer() throws {
        let long = try entry { $0.capabilities = ["a": .text(String(repeating: "x", count: 600))] }
        #expect(long.encodedSize > 1_000 && long.encodedSize <= Limits.providerEntry)
        let found = FindAnswer(entries: [HeldEntry(entry: long, remaining: 1)], total: 1)
        #expect(try DHTAnswer(exchange: 1, .found(found)).encode().count <= Limits.dhtMessage)
    }

    // DHT-3.1, DHT-3.2, DHT-3.4
    @Test func anEntryIsOfItsProviderOrOfNobody() throws {
        let entry = try entry()
        #expect(entry.isGenuine(authority: authority.publicKey, now: now))
        #expect(try ProviderEntry(entry.encoded).isGenuine(authority: authority.publicKey, now: now))
        #expect(!entry.isGenuine(authority: identity.publicKey, now: now), "another mesh")
        #expect(!entry.isGenuine(authority: authority.publicKey, now: certificate.expires), "an expired certificate")
        for index in stride(from: 0, to: entry.encoded.count, by: 3) {
            var bytes = entry.encoded
            bytes[index] ^= 1
            guard let altered = try? ProviderEntry(bytes) else { continue }
            #expect(!altered.isGenuine(authority: authority.publicKey, now: now), "byte \(index)")
        }
        let forged = try ProviderEntry(signing: entry.offer, certificate: certificate, identity: authority)
        #expect(!forged.isGenuine(authority: authority.publicKey, now: now))
        #expect(throws: WireError.trailing) { try ProviderEntry(entry.encoded + [0xFF, 0xFF, 0, 0]) }
    }

    // DHT-2.2
    @Test func aContactIsSignedByItsNode() throws {
        let signed = try contact.signed(by: identity)
        #expect(signed.isSigned(by: identity.publicKey) && !signed.isSigned(by: authority.publicKey))
        #expect(!contact.isSigned(by: identity.publicKey))
        var moved = signed
        moved.endpoints[0].port += 1
        #expect(!moved.isSigned(by: identity.publicKey))
        var later = signed
        later.sequence += 1
        #expect(!later.isSigned(by: identity.publicKey))
    }

    // DHT-3.5
    @Test func theKeyOfAServiceIsOneUntilItIsSplit() {
        let other = Bytes32([UInt8](repeating: 0xFF, count: 32)) ?? Bytes32()
        #expect(Bytes32.serviceKey("ocr") == Bytes32.serviceKey("ocr", split: 0, provider: other))
        #expect(Bytes32.serviceKey("ocr", split: 1) != Bytes32.serviceKey("ocr", split: 1, provider: other))
        #expect(Bytes32.serviceKey("ocr") != Bytes32.serviceKey("embed"))
        // As the other implementation has them.
        #expect(Bytes32.serviceKey("ocr").hex == "4d31b4fcc3d6b690b3058b7ac1cd6e6fa2a7e9992990fc3ed72d5c00201fde80")
        let provider = Bytes32([UInt8](repeating: 0x5A, count: 32)) ?? Bytes32()
        #expect(
            Bytes32.serviceKey("ocr", split: 8, provider: provider).hex
                == "6e6d5b05e8789a5740e84c6d9df7a78b4997abfd1c3f8c725aae3ea36a83b0cb")
    }
}
