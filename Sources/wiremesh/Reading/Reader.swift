import HTTPCompat
import NIOPosix

extension ReadOptions {
    /// Runs `body` with a client of the coordinator that is meant, and closes it afterwards.
    /// - Throws: what `body` throws; a `Failure` where the options do not make sense.
    func withClient<Result: Sendable>(
        timeout: Duration = .seconds(10), _ body: (CoordinatorHTTPClient) async throws -> Result
    ) async throws -> Result {
        let settings = try config.settings()
        return try await withClient(
            at: settings.text(coordinator, "coordinator") ?? Self.standard, tokenFile: settings.text(httpTokenFile, "http-token-file"),
            timeout: timeout, body)
    }

    /// The same for another server of the mesh, which must not learn the coordinator's token.
    func withClient<Result: Sendable>(
        at url: String, tokenFile: String?, timeout: Duration = .seconds(10), _ body: (CoordinatorHTTPClient) async throws -> Result
    ) async throws -> Result {
        let settings = try config.settings()
        let token = try tokenFile.map(TokenFile.first)
        let client = try CoordinatorHTTPClient(
            url: url, token: token, authority: authority.file(settings), timeout: timeout, group: MultiThreadedEventLoopGroup.singleton)
        let result: Result
        do {
            result = try await body(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        return result
    }
}
