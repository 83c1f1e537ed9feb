import FuzzKit
import Wire

@main struct Target {
    static func main() {
        Fuzzer.run { input in
            switch input.byte() & 3 {
            case 0: FuzzLinks.receiveRaw(&input)
            case let mode: FuzzLinks.alterFlights(of: mode == 1, &input)
            }
        }
    }
}
