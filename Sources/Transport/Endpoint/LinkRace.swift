import NIOCore
import Wire

/// Tries the ways to one node as RFC 8305 says: one after the other with a head start each, the next at once where one fails, and
/// the first whose handshake tells the expected node wins. The others are closed before they have said who this node is.
/// Confined to its loop.
final class LinkRace {
    private let dialer: Dialer
    private let target: LinkTarget?
    private var waiting: ArraySlice<LinkCandidate>
    private var running: [ObjectIdentifier: any Channel] = [:]
    private var underWay = 0
    private var failure = CallError(.unreachable, "no address is known")
    private var headStart: Scheduled<Void>?
    private var done: ((Result<Link, CallError>) -> Void)?

    /// - Parameter done: called once, on the dialler's loop.
    init(_ dialer: Dialer, _ candidates: [LinkCandidate], target: LinkTarget?, done: @escaping (Result<Link, CallError>) -> Void) {
        self.dialer = dialer
        self.target = target
        waiting = candidates[...]
        self.done = done
    }

    func start() { next() }

    private func next() {
        headStart?.cancel()
        guard done != nil else { return }
        guard let candidate = waiting.popFirst() else {
            if underWay == 0 { finish(.failure(failure)) }
            return
        }
        underWay += 1
        if !waiting.isEmpty {
            headStart = dialer.loop.assumeIsolated().scheduleTask(in: TimeAmount(Limits.headStart)) { self.next() }
        }
        let began = Instant.now()
        dialer.connect(candidate) { channel in
            self.running[ObjectIdentifier(channel)] = channel
        } done: { outcome, channel in
            self.ended(candidate, after: .now() - began, outcome, channel)
        }
    }

    private func ended(
        _ candidate: LinkCandidate, after time: Duration, _ outcome: consuming HandshakeOutcome, _ channel: (any Channel)?
    ) {
        underWay -= 1
        if let channel { running[ObjectIdentifier(channel)] = nil }
        guard done != nil else { return channel?.close(promise: nil) ?? () }
        if let keys = outcome.keys, let channel {
            if case .direct(let endpoint) = candidate { dialer.endpoint.measured(endpoint, roundTrip: time) }
            return finish(dialer.endpoint.establish(keys, on: channel, isInitiator: true, target: target))
        }
        if let error = outcome.error { failure = CallError(error.code, "\(candidate): \(error.reason)") }
        next()
    }

    private func finish(_ result: Result<Link, CallError>) {
        headStart?.cancel()
        let done = done
        // Over before the others are closed: what becomes of them is no news.
        self.done = nil
        waiting = []
        let losers = Array(running.values)
        running = [:]
        for loser in losers { loser.close(promise: nil) }
        done?(result)
    }
}
