import FuzzKit
import Wire

extension FuzzTarget {
    static let link = FuzzTarget("Link", seeds: try FuzzSeeds.all()["Link"] ?? []) { input in
        var shell = FuzzShell(isInitiator: input.byte() & 1 == 1)
        // An error ends the link, and with it the run.
        while !input.isEmpty, (try? shell.step(&input)) != nil {}
    }
}
