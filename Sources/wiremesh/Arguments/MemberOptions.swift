import ArgumentParser
import HTTPCompat

/// Options of what asks one member: a worker where one is named, the coordinator otherwise.
struct MemberOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The HTTP address of a worker that is asked, in place of the coordinator.", valueName: "url"))
    var worker: String?

    @Option(
        help: ArgumentHelp("With --worker: a file with the bearer token that it wants.", valueName: "file"), completion: .file())
    var workerTokenFile: String?

    @OptionGroup var read: ReadOptions

    /// Runs `body` with a client of that member, and closes it afterwards.
    /// - Throws: what `body` throws; a `Failure` where the options do not make sense, or no worker answers.
    func withClient<Result: Sendable>(_ body: (CoordinatorHTTPClient) async throws -> Result) async throws -> Result {
        let settings = try read.config.settings()
        guard let url = settings.text(worker, "worker") else { return try await read.withClient(body) }
        do {
            return try await read.withClient(at: url, tokenFile: settings.text(workerTokenFile, "worker-token-file"), body)
        } catch ClientError.unreachable(_, let reason) {
            throw Failure.failed("No worker answers at \(url) (\(reason)): start it, or give another URL with --worker.")
        } catch ClientError.timedOut {
            throw Failure.failed("The worker at \(url) did not answer in time: look at its log.")
        } catch ClientError.refused(401, _) {
            throw Failure.failed("The worker at \(url) wants a token: give the file that holds it with --worker-token-file.")
        } catch ClientError.refused(let status, let detail) {
            throw Failure.failed("The worker refused with status \(status): \(detail).")
        } catch ClientError.badURL {
            throw Failure.usage("'\(url)' is not the URL of a worker: give one such as http://127.0.0.1:8000.")
        }
    }
}
