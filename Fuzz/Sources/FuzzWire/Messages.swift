import FuzzKit
import Wire

extension FuzzTarget {
    static let messages = FuzzTarget("Messages", seeds: try FuzzSeeds.all()["Messages"] ?? []) { input in
        let kind = FuzzMessages.kinds[Int(input.byte()) % FuzzMessages.kinds.count]
        FuzzMessages.check(kind, input.rest())
    }
}
