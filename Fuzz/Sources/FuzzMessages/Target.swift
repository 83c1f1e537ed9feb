import FuzzKit
import Wire

@main struct Target {
    static func main() {
        Fuzzer.run { input in
            let kind = FuzzMessages.kinds[Int(input.byte()) % FuzzMessages.kinds.count]
            FuzzMessages.check(kind, input.rest())
        }
    }
}
