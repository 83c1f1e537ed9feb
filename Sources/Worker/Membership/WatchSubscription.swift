import Logging
import Transport
import Wire

/// Has the coordinator push changes to the services whose workers are cached, and to no others: in a large mesh a worker
/// that calls three services should not hear of thousands of workers.
final class WatchSubscription: Sendable {
    private let link: CoordinatorLink
    private let logger: Logger
    private let wake = Wake()

    init(link: CoordinatorLink, logger: Logger) {
        self.link = link
        self.logger = logger
    }

    /// The set of cached services may have changed.
    func cacheChanged() { wake.signal() }

    /// Until the task is cancelled.
    func run(_ router: Router) async {
        var backoff = Backoff(limit: .seconds(5))
        while !Task.isCancelled {
            let services = router.cachedServices
            guard !services.isEmpty else {
                await wake.wait(atMost: .seconds(60))
                continue
            }
            if await watch(services, router) {
                backoff.reset()
            } else {
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            }
        }
    }

    /// Watches until more services are cached; false if the stream ended before that.
    private func watch(_ services: Set<String>, _ router: Router) async -> Bool {
        let scope = services.count <= Limits.services ? services : nil
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { [link, logger] in
                do {
                    try await link.watch(scope?.sorted() ?? []) { router.apply($0, of: scope) }
                } catch {
                    logger.debug("the watch has ended", metadata: ["reason": "\(error)"])
                }
                return false
            }
            group.addTask {
                while !Task.isCancelled {
                    await self.wake.wait(atMost: .seconds(60))
                    guard let scope else { continue }
                    if !router.cachedServices.isSubset(of: scope) {
                        // Others may follow at once: they come into the same subscription.
                        try? await Task.sleep(for: .milliseconds(100))
                        return true
                    }
                }
                return true
            }
            let outgrown = await group.next() ?? false
            group.cancelAll()
            return outgrown
        }
    }
}
