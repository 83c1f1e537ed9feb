import FuzzKit
import Wire

extension FuzzTarget {
    static let head = FuzzTarget("Head", seeds: try FuzzSeeds.all()["Head"] ?? []) { input in
        let input = input.bytes
        if let head = try? input.decode({ bytes throws(WireError) in try Head(decoding: bytes) }) {
            guard let encoded = try? head.encode(),
                let again = try? encoded.decode({ bytes throws(WireError) in try Head(decoding: bytes) })
            else { fatalError("read what cannot be written") }
            precondition(again == head)
        }
    }
}
