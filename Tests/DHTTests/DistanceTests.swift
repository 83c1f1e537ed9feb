import MeshTestKit
import Testing
import Wire

@Suite struct DistanceTests {
    // DHT-1.1
    @Test func distanceIsTheBitsThatDiffer() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<100 {
            let a = try #require(Bytes32(random.bytes(32)))
            let b = try #require(Bytes32(random.bytes(32)))
            #expect(a.distance(to: b).bytes == zip(a.bytes, b.bytes).map { $0 ^ $1 })
            #expect(a.distance(to: a) == Bytes32())
        }
    }

    @Test func commonBitsAreCountedFromTheFront() throws {
        let zero = Bytes32()
        for bit in [0, 1, 7, 8, 63, 64, 127, 128, 191, 192, 255] {
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[bit / 8] = 0x80 >> UInt8(bit % 8)
            #expect(try #require(Bytes32(bytes)).commonBits(with: zero) == bit)
        }
        #expect(zero.commonBits(with: zero) == 256)
    }
}
