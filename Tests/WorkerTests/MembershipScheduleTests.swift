import MeshTestKit
import Testing
import Transport
import Wire
import Worker

@Suite struct MembershipScheduleTests {
    var schedule = MembershipSchedule()
    var clock = VirtualClock()
    let wall = UnixTime(seconds: 1_800_000_000)
    let link = LinkID(rawValue: 7)

    func load(_ inFlight: UInt32, service: String = "s") -> [ServiceLoad] {
        [ServiceLoad(service: service, load: LoadReport(inFlight: inFlight, limit: 10))]
    }

    func certificate(life: UInt64) throws -> Certificate {
        let authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 1, count: 32)))
        let subject = Certificate.Subject(
            name: "w", roles: .worker, identityKey: IdentityKey(), staticKey: StaticKey(), salt: [UInt8](repeating: 0, count: 16))
        return try Certificate.issue(subject, serial: 1, now: wall, life: life, authority: authority)
    }

    func next(_ load: [ServiceLoad] = [], after seconds: UInt64 = 0) -> MembershipSchedule.Duty {
        schedule.next(load: load, now: clock.now, wall: wall + seconds)
    }

    mutating func register(_ load: [ServiceLoad] = []) {
        schedule.linkUp(link)
        schedule.registering()
        schedule.registered(on: link, load: load, now: clock.now)
    }

    @Test mutating func linksThenRegistersThenRests() {
        #expect(next() == .connect)
        schedule.linkUp(link)
        #expect(next() == .register)
        #expect(!schedule.isRegistered)
        register()
        #expect(next() == .rest)
        #expect(schedule.isRegistered)
    }

    // MSG-2.1
    @Test mutating func everyLinkIsRegisteredOn() {
        register()
        schedule.linkDown(LinkID(rawValue: 99))
        #expect(next() == .rest, "another link's end means nothing")
        schedule.linkUp(LinkID(rawValue: 8))
        #expect(next() == .register)
        schedule.linkDown(LinkID(rawValue: 8))
        #expect(next() == .connect)
        #expect(!schedule.isRegistered)
    }

    @Test mutating func changesAreRegisteredOnce() {
        register()
        schedule.changed()
        #expect(next() == .register)
        schedule.registering()
        schedule.changed()
        schedule.registered(on: link, load: [], now: clock.now)
        #expect(next() == .register, "what changed meanwhile was not in it")
        schedule.registering()
        schedule.registered(on: link, load: [], now: clock.now)
        #expect(next() == .rest)
        schedule.registering()
        schedule.registrationFailed()
        #expect(next() == .register)
    }

    @Test mutating func loadIsSaidWhenItMoves() {
        register(load(0))
        clock.advance(by: .seconds(100))
        #expect(next(load(0)) == .rest, "the same load is never said")
        #expect(next(load(1)) == .load)
        schedule.loadSent(load(1), now: clock.now)
        clock.advance(by: .milliseconds(999))
        #expect(next(load(5)) == .rest, "at most once a second")
        clock.advance(by: .milliseconds(1))
        #expect(next(load(5)) == .load)
        schedule.loadSent(load(5), now: clock.now)
        clock.advance(by: .seconds(2))
        var little = load(5)
        little[0].load.serviceMicroseconds = 17
        #expect(next(little) == .rest)
        clock.advance(by: .seconds(8))
        #expect(next(little) == .load, "little changes are said every ten seconds")
    }

    @Test mutating func certificatesAreRenewedAtTwoThirds() throws {
        schedule.use(try certificate(life: 900))
        register()
        #expect(next(after: 599) == .rest)
        #expect(next(after: 600) == .renew)
        schedule.renewalFailed(now: clock.now)
        #expect(next(after: 600) == .rest, "not again at once")
        clock.advance(by: .seconds(30))
        #expect(next(after: 630) == .renew)
        schedule.use(try certificate(life: 9_000))
        #expect(next(after: 630) == .rest)
    }

    @Test mutating func anExpiredCertificateOnlyRenews() throws {
        schedule.use(try certificate(life: 900))
        schedule.linkUp(link)
        #expect(next(after: 900) == .renew)
        schedule.renewalFailed(now: clock.now)
        #expect(next(after: 900) == .rest, "a registration would be refused")
    }
}
