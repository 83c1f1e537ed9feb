import FuzzKit
import Wire

@testable import Coordinator

extension FuzzTarget {
    static let liveness = FuzzTarget("Liveness", length: 800) { input in
        var run = LivenessRun()
        while !input.isEmpty { run.step(&input) }
    }

    static let assignment = FuzzTarget("Assignment") { input in AssignmentRun.check(&input) }
}

/// Members that are heard or not, and a second book of when each was.
private struct LivenessRun {
    private struct Watched {
        var heard: Instant
        var timing: Liveness.Timing
        var isSuspected = false
    }

    private var machine = Liveness()
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var book: [Slot: Watched] = [:]
    private var generations = [UInt32](repeating: 0, count: 6)

    mutating func step(_ input: inout FuzzInput) {
        let index = input.choice(generations.count)
        let slot = Slot(index: index, generation: generations[index])
        switch input.choice(6) {
        case 0:
            let timing = [Liveness.Timing.link, .stale, Liveness.Timing(suspectAfter: .seconds(60), removeAfter: .seconds(90))][
                input.choice(3)]
            machine.track(slot, timing, now: now)
            book[slot] = Watched(heard: now, timing: timing)
        case 1:
            machine.forget(slot)
            book[slot] = nil
            generations[index] &+= 1
        case 2, 3:
            let recovered = machine.heard(slot, now: now)
            precondition(recovered == (book[slot]?.isSuspected ?? false), "who was suspected recovers, and nobody else")
            book[slot]?.heard = now
            book[slot]?.isSuspected = false
        default:
            now = now + input.wait()
            // The second call does what the first one could only begin: suspect, then remove.
            judge(machine.advance(to: now))
            judge(machine.advance(to: now))
        }
        for (slot, watched) in book {
            precondition(machine.lastHeard(slot) == watched.heard)
            precondition(now - watched.heard < watched.timing.removeAfter, "silent for too long and still there")
        }
    }

    private mutating func judge(_ verdicts: [Liveness.Verdict]) {
        for verdict in verdicts {
            switch verdict {
            case .suspected(let slot):
                guard let watched = book[slot], let patience = watched.timing.suspectAfter else { fatalError("nobody to suspect") }
                precondition(now - watched.heard >= patience && !watched.isSuspected, "suspected too early, or twice")
                book[slot]?.isSuspected = true
            case .removed(let slot):
                guard let watched = book.removeValue(forKey: slot) else { fatalError("nobody to remove") }
                precondition(now - watched.heard >= watched.timing.removeAfter, "removed too early")
                precondition(machine.lastHeard(slot) == nil)
            }
        }
    }
}

/// A catalogue made of the input, and who is given what of it.
private enum AssignmentRun {
    static func check(_ input: inout FuzzInput) {
        let types = WorkerType.allCases
        var entries: [Catalogue.Entry] = []
        for place in 0..<input.choice(12) {
            entries.append(
                Catalogue.Entry(
                    "s\(input.flag() ? place : 0)", tier: UInt8(input.choice(4)) + 1, requires: types[input.choice(4)],
                    priority: input.choice(5), port: 80))
        }
        let catalogue = Catalogue(entries)
        precondition(Set(catalogue.entries.map(\.name)).count == catalogue.entries.count)
        var covered: [String: Int] = [:]
        for entry in catalogue.entries { covered[entry.name] = input.choice(4) }
        let type = types[input.choice(4)]
        let given = Assignment.services(for: type, in: catalogue, peers: input.choice(20)) { covered[$0] ?? 0 }
        let eligible = catalogue.entries.filter { type.serves($0.requires) }
        precondition(Set(given.map(\.name)).count == given.count && given.allSatisfy { eligible.contains($0) })
        precondition(given.isEmpty == eligible.isEmpty, "whoever can serve something serves something")
        precondition(type == .gpu || given.count <= 3)
        let worst = given.map { covered[$0.name] ?? 0 }.max() ?? 0
        let left = eligible.filter { !given.contains($0) }
        precondition(left.allSatisfy { (covered[$0.name] ?? 0) >= worst }, "the least covered come first")
        let gaps = catalogue.gaps { covered[$0] ?? 0 }
        precondition(gaps.count == catalogue.entries.count && gaps.map(\.status) == gaps.map(\.status).sorted())
    }
}
