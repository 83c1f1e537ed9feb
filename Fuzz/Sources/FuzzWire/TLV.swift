import FuzzKit
import Wire

extension FuzzTarget {
    static let tlv = FuzzTarget("TLV", seeds: try FuzzSeeds.all()["TLV"] ?? []) { input in
        let input = input.bytes
        var cursor = TLVCursor()
        var writer = TLVWriter()
        while let field = try? cursor.next(in: input.span.bytes) {
            writer.put(field.type, bytes: input[field.range])
            var list = TLVList(field, limit: 16)
            while (try? list.next(in: input.span.bytes)) != nil {}
            _ = try? input.span.bytes.text(field, limit: 64)
            _ = try? input.span.bytes.integer(UInt64.self, field)
        }
        // What was read is written in the same bytes.
        guard let written = try? writer.finish() else { fatalError("read what cannot be written") }
        precondition(input.starts(with: written))
    }
}
