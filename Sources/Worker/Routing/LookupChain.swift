package import Transport
package import Wire

/// One lookup on its way through the tiers, in order. A machine: it says whom to ask and what it comes to.
package struct LookupChain: Sendable {
    /// A tier that can be asked, and how long it may take.
    package struct Tier: Sendable, Hashable {
        package var tier: RouteTier
        package var timeout: Duration
        /// Whether "nobody" from it is the last word. A coordinator knows all members; the DHT may only not have found one.
        package var isAuthoritative: Bool

        package init(_ tier: RouteTier, timeout: Duration, isAuthoritative: Bool) {
            self.tier = tier
            self.timeout = timeout
            self.isAuthoritative = isAuthoritative
        }
    }

    package enum Step: Sendable, Hashable {
        /// Ask the tier at this position of the list.
        case ask(Int)
        case settled(Outcome)
    }

    package enum Outcome: Sendable, Hashable {
        /// Workers that have it, at least one.
        case found(RouteTier, DiscoverAnswer)
        /// Nobody has it now; `known`: somebody had, or the catalogue names it.
        case nobody(RouteTier, known: Bool)
        /// No tier gave an answer; the error is that of the last one.
        case failed(CallError)
    }

    private let tiers: [Tier]
    private var position = 0
    /// The best answer so far that is not the last word.
    private var soFar: (tier: RouteTier, known: Bool)?
    private var lastError = CallError(.unavailable, "this worker has no coordinator to ask")

    package init(_ tiers: [Tier]) { self.tiers = tiers }

    package mutating func start() -> Step { tiers.isEmpty ? .settled(.failed(lastError)) : .ask(0) }

    /// The tier that was asked has answered.
    package mutating func answered(_ answer: DiscoverAnswer) -> Step {
        let tier = tiers[position]
        if answer.workers.contains(where: \.isRoutable) { return .settled(.found(tier.tier, answer)) }
        if tier.isAuthoritative { return .settled(.nobody(tier.tier, known: answer.known)) }
        soFar = (tier.tier, answer.known || (soFar?.known ?? false))
        return next()
    }

    /// It has not, in time or at all.
    package mutating func failed(_ error: CallError) -> Step {
        lastError = error
        return next()
    }

    private mutating func next() -> Step {
        position += 1
        if position < tiers.count { return .ask(position) }
        if let soFar { return .settled(.nobody(soFar.tier, known: soFar.known)) }
        return .settled(.failed(lastError))
    }
}
