package import Transport
package import Wire

/// What a worker owes its coordinator next. A machine: links, changes, load and time come in, one duty comes out.
package struct MembershipSchedule: Sendable {
    /// The link to the coordinator that came up last and still stands.
    package private(set) var link: LinkID?
    /// The one on which the registration stands.
    private var registeredOn: LinkID?
    private var hasChanged = false
    private var renewal: Renewal?
    private var retryRenewal: Instant?
    private var lastLoad: [ServiceLoad] = []
    private var loadSentAt: Instant?

    /// When a certificate is to be renewed, and when it is no longer good for anything else.
    private struct Renewal: Sendable {
        var due: UnixTime
        var expires: UnixTime
    }

    /// What to do.
    package enum Duty: Hashable, Sendable {
        /// No link stands: make one.
        case connect
        /// Ask for a new certificate.
        case renew
        /// Say everything: after every link, and after every change.
        case register
        /// Say the load.
        case load
        /// Nothing until something happens, or a second has passed.
        case rest
    }

    package init() {}

    /// The certificate in use. Renewed at two thirds of its life.
    package mutating func use(_ certificate: Certificate) {
        let life = certificate.expires.seconds - min(certificate.issuedAt.seconds, certificate.expires.seconds)
        renewal = Renewal(due: certificate.issuedAt + life / 3 * 2, expires: certificate.expires)  // ID-7.2
        retryRenewal = nil
    }

    // MARK: Events

    package mutating func linkUp(_ id: LinkID) { link = id }

    package mutating func linkDown(_ id: LinkID) {
        if link == id { link = nil }
    }

    /// Services, their health, or an address have changed.
    package mutating func changed() { hasChanged = true }

    /// A registration is on its way: what changes from now on is not in it.
    package mutating func registering() { hasChanged = false }

    /// It was accepted; it was sent when `link` stood.
    package mutating func registered(on link: LinkID?, load: [ServiceLoad], now: Instant) {
        registeredOn = link
        loadSent(load, now: now)
    }

    /// It was not: everything has to be said again.
    package mutating func registrationFailed() { hasChanged = true }

    package mutating func loadSent(_ load: [ServiceLoad], now: Instant) {
        lastLoad = load
        loadSentAt = now
    }

    package mutating func renewalFailed(now: Instant) { retryRenewal = now + Self.renewalRetry }

    /// Whether the registry has what there is to say.
    package var isRegistered: Bool { link != nil && registeredOn == link }

    // MARK: What is due

    package func next(load: [ServiceLoad], now: Instant, wall: UnixTime) -> Duty {
        guard link != nil else { return .connect }
        if let renewal, wall >= renewal.due, retryRenewal.map({ now >= $0 }) ?? true { return .renew }
        if let renewal, wall >= renewal.expires { return .rest }
        if hasChanged || registeredOn != link { return .register }  // MSG-2.1
        return isWorthSaying(load, now: now) ? .load : .rest
    }

    /// A load that moved by a tenth is said after a second, any other change after ten; the same load never.
    private func isWorthSaying(_ load: [ServiceLoad], now: Instant) -> Bool {
        guard load != lastLoad, let loadSentAt else { return false }
        let silence = now - loadSentAt
        if silence >= Self.slowLoad { return true }
        guard silence >= Self.fastLoad else { return false }
        guard load.count == lastLoad.count else { return true }
        return zip(load, lastLoad).contains { abs($0.load.fraction - $1.load.fraction) >= 0.1 }
    }

    private static let renewalRetry: Duration = .seconds(30)
    private static let fastLoad: Duration = .seconds(1)
    private static let slowLoad: Duration = .seconds(10)
}
