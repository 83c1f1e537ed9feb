import MeshTestKit
import Testing
import Wire

@Suite struct DatagramSessionTests {
    private static let key = SecretBytes([UInt8](repeating: 3, count: 32))

    private static func session(index: UInt32 = 1, peer: UInt32 = 1, counter: UInt64 = 0) throws -> DatagramSession {
        try DatagramSession(index: index, peerIndex: peer, sendKey: key, receiveKey: key, counter: counter)
    }

    /// DGRAM-4.5: a forged datagram, whatever its counter, moves nothing.
    @Test func whatDoesNotOpenChangesNothing() throws {
        var sender = try Self.session()
        var receiver = try Self.session()
        let datagram = try sender.seal([1, 2, 3])
        for position in 8..<datagram.count {
            var forged = datagram
            forged[position] ^= 1
            #expect(throws: WireError.authentication) { _ = try receiver.open(forged) }
        }
        let text = try receiver.open(datagram).plaintext
        #expect(text == [1, 2, 3])
        #expect(throws: WireError.replayed) { _ = try receiver.open(datagram) }
    }

    /// DGRAM-4.2
    @Test func aDatagramOfAnotherSessionIsRefused() throws {
        var sender = try Self.session(peer: 2)
        var receiver = try Self.session()
        let datagram = try sender.seal([1])
        #expect(throws: WireError.badValue(3)) { _ = try receiver.open(datagram) }
    }

    /// DGRAM-1.1, DGRAM-4.3
    @Test func nothingIsSentThatNobodyTakes() throws {
        var sender = try Self.session(counter: .max - 1)
        #expect(throws: WireError.oversized) { _ = try sender.seal([UInt8](repeating: 0, count: 1_169)) }
        let longest = try sender.seal([UInt8](repeating: 0, count: 1_168))
        #expect(longest.count == 1_200)
        #expect(throws: WireError.exhausted) { _ = try sender.seal([]) }
    }

    /// DGRAM-1.2, DGRAM-1.3, DGRAM-1.4, DGRAM-1.5
    @Test func bytesOfAnySortAreRefusedWithoutHarm() throws {
        var random = SeededRandom(seed: 4)
        var receiver = try Self.session()
        var sender = try Self.session()
        let good = try sender.seal(random.bytes(40))
        for round in 0..<2_000 {
            var bytes = round % 2 == 0 ? random.bytes(Int(random.next() % 1_300)) : good
            if round % 2 == 1 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next() | 1) }
            guard bytes != good else { continue }
            #expect(throws: WireError.self) { _ = try receiver.open(bytes) }
        }
        let text = try receiver.open(good).plaintext
        #expect(text.count == 40)
    }
}
