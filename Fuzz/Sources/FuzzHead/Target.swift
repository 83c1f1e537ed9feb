import FuzzKit
import Wire

@main struct Target {
    static func main() {
        Fuzzer.run { input in
            let input = input.bytes
            if let head = try? input.decode({ bytes throws(WireError) in try Head(decoding: bytes) }) {
                guard let encoded = try? head.encode(),
                    let again = try? encoded.decode({ bytes throws(WireError) in try Head(decoding: bytes) })
                else { fatalError("read what cannot be written") }
                precondition(again == head)
            }
        }
    }
}
