import FuzzKit
import Wire

extension FuzzTarget {
    static let datagrams = FuzzTarget("Datagrams", seeds: FuzzSeeds.noise) { input in
        var network = FuzzDatagrams()
        while !input.isEmpty { network.step(&input) }
    }
}
