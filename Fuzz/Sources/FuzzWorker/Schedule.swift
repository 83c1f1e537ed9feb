import FuzzKit
import Transport
import Wire

@testable import Worker

extension FuzzTarget {
    static let schedule = FuzzTarget("Schedule") { input in
        var run = ScheduleRun()
        while !input.isEmpty { run.step(&input) }
    }
}

/// What a worker owes its coordinator, and what it has said.
private struct ScheduleRun {
    private var schedule = MembershipSchedule()
    private var patience = RefusalPatience()
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var wall = FuzzMesh.now
    private var link: LinkID?
    private var registeredOn: LinkID?
    private var hasChanged = false
    private var said: [ServiceLoad] = []
    private var certificate: Certificate?
    private var renewalFailed: Instant?
    private var firstClone: Instant?

    mutating func step(_ input: inout FuzzInput) {
        switch input.choice(10) {
        case 0:
            link = LinkID(rawValue: UInt64(input.choice(4)))
            if let link { schedule.linkUp(link) }
        case 1:
            let id = LinkID(rawValue: UInt64(input.choice(4)))
            schedule.linkDown(id)
            if link == id { link = nil }
        case 2:
            schedule.changed()
            hasChanged = true
        case 3: refuse(&input)
        case 4:
            if let chosen = input.choice(of: FuzzMesh.certificates) {
                certificate = chosen
                renewalFailed = nil
                schedule.use(chosen)
            }
        default:
            let wait = input.wait()
            now = now + wait
            wall = wall + UInt64(wait.wholeMilliseconds) / 50
            obey(&input)
        }
        precondition(schedule.link == link && schedule.isRegistered == (link != nil && registeredOn == link))
    }

    /// Does what is due, or fails at it.
    private mutating func obey(_ input: inout FuzzInput) {
        let load = (0..<input.choice(3)).map {
            ServiceLoad(service: "s\($0)", load: LoadReport(inFlight: UInt32(input.choice(8)), limit: 8))
        }
        let duty = schedule.next(load: load, now: now, wall: wall)
        precondition((duty == .connect) == (link == nil), "without a link there is one duty")
        let succeeds = input.flag()
        switch duty {
        case .connect: break
        case .renew:
            guard let certificate else { fatalError("nothing to renew") }
            precondition(wall >= certificate.issuedAt + Limits.certificateLife / 2, "renewed too early")
            if let renewalFailed { precondition(now - renewalFailed >= .seconds(30), "renewed too often") }
            renewalFailed = now
            schedule.renewalFailed(now: now)
        case .register:
            precondition(hasChanged || registeredOn != link, "said twice")
            schedule.registering()
            hasChanged = !succeeds
            guard succeeds else { return schedule.registrationFailed() }
            schedule.registered(on: link, load: load, now: now)
            registeredOn = link
            said = load
        case .load:
            precondition(load != said && !hasChanged && registeredOn == link)
            schedule.loadSent(load, now: now)
            said = load
        case .rest:
            if let certificate, wall >= certificate.expires { return }
            precondition(!hasChanged && registeredOn == link, "something is left to say")
        }
    }

    private mutating func refuse(_ input: inout FuzzInput) {
        let code = [ErrorCode.cloneDetected, .revoked, .nameTaken, .unreachable, .overloaded][input.choice(5)]
        let final = patience.refusal(CallError(code), now: now)
        if code == .cloneDetected { firstClone = firstClone ?? now }
        switch code {
        case .revoked, .nameTaken: precondition(final != nil)
        default:
            let isOver = firstClone.map { now - $0 >= Limits.suspectAfter * 2 } ?? false
            precondition((final != nil) == isOver, "a refusal that may pass is not final")
        }
    }
}
