import Foundation
import HTTPCompat
import Wire

/// What a coordinator says when it is asked over HTTP.
enum CoordinatorCheck {
    /// - Parameter worker: the worker whose entry in the registry is looked at; `nil` for none.
    static func run(_ client: CoordinatorHTTPClient, worker: String?) async -> [Check] {
        let start = ContinuousClock.now
        let members: [MemberWorker]
        do {
            members = try await client.workers().value
        } catch {
            return [failure(error)]
        }
        let took = ContinuousClock.now - start
        let healthy = members.count { $0.isHealthy }
        var checks: [Check] = [
            .good(
                "coordinator",
                "\(client.url) answers in \(took.wholeMilliseconds) ms; workers: \(members.count), healthy: \(healthy)")
        ]
        if let clock = await clock(client) { checks.append(clock) }
        if let worker { checks.append(entry(of: worker, in: members)) }
        return checks
    }

    private static func failure(_ error: ClientError) -> Check {
        switch error {
        case .unreachable(let url, let reason):
            .bad("coordinator", "nothing answers at \(url) (\(reason))", next: "start it, or give its URL with --coordinator")
        case .timedOut(let url): .bad("coordinator", "\(url) does not answer in time", next: "look at the coordinator's log")
        case .refused(401, _): .bad("coordinator", "it wants a bearer token", next: "give the file that holds it with --http-token-file")
        default: .bad("coordinator", "\(error)", next: "check the URL, and the coordinator's log")
        }
    }

    private static func clock(_ client: CoordinatorHTTPClient) async -> Check? {
        let here = time(nil)
        guard let text = try? await client.date(), let there = seconds(httpDate: text) else { return nil }
        let seconds = there - here
        guard abs(seconds) <= 30 else {
            let direction = seconds > 0 ? "ahead of" : "behind"
            return .bad(
                "clock", "the coordinator's clock is \(abs(seconds)) s \(direction) this machine's",
                next: "set both from a time server: certificates and tokens have times")
        }
        return .good("clock", "this machine and the coordinator agree within \(abs(seconds) + 1) s")
    }

    /// Seconds since 1970 of a Date field (RFC 9110, 5.6.7).
    private static func seconds(httpDate text: String) -> Int? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { Int($0.timeIntervalSince1970) }
    }

    private static func entry(of name: String, in members: [MemberWorker]) -> Check {
        guard let member = members.first(where: { $0.name == name }) else {
            return .bad("registry", "the coordinator does not know \(name)", next: "start the worker; its log says whether it registers")
        }
        guard member.isReachable != false else {
            return .bad(
                "registry", "\(name) is registered, and the coordinator cannot dial the address it gave",
                next: "open its port, or give the address that others reach with --advertise HOST:PORT")
        }
        if member.status == "draining" { return .note("registry", "\(name) is draining: it gets nothing new until it is started again") }
        guard member.isHealthy else {
            return .bad(
                "registry", "\(name) is \(WorkerText.status(member)), last heard \(WorkerText.ago(member.ageSeconds))",
                next: "look at its log")
        }
        return .good("registry", "\(name) is \(member.status) and can be dialled")
    }
}
