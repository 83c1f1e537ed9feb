import FuzzKit
import Wire

extension FuzzTarget {
    static let lz4 = FuzzTarget("LZ4", seeds: try FuzzSeeds.all()["LZ4"] ?? []) { input in
        let rawSize = Int(input.byte()) << 8 | Int(input.byte())
        let block = input.rest()
        var raw: [UInt8] = []
        try? LZ4.decompress(block.span.bytes, rawSize: rawSize, into: &raw)
        precondition(raw.isEmpty || raw.count == rawSize)
        var packed: [UInt8] = []
        guard let length = LZ4.compress(block.span.bytes, into: &packed) else { return }
        precondition(length <= block.count - block.count / 8)
        raw = []
        try? LZ4.decompress(packed.span.bytes, rawSize: block.count, into: &raw)
        precondition(raw == block)
    }
}
