import FuzzKit
import Wire

extension FuzzTarget {
    static let handshake = FuzzTarget("Handshake", seeds: try FuzzSeeds.all()["Handshake"] ?? []) { input in
        switch input.byte() & 3 {
        case 0: FuzzLinks.receiveRaw(&input)
        case let mode: FuzzLinks.alterFlights(of: mode == 1, &input)
        }
    }
}
