import Foundation
import Logging
import NIOCore
import NIOPosix
import Transport
import Wire

/// What an operator's commands use: given a data folder, it talks to the coordinator that runs on it, or works on the folder itself
/// where none does.
public struct CoordinatorAdmin: Sendable {
    private let path: String

    /// Nothing is opened yet.
    public init(dataFolder: String) { path = dataFolder }

    /// Makes a join token and returns its text.
    public func createToken(_ request: TokenRequest) async throws(CoordinatorError) -> String {
        guard case .token(let text) = try await ask(.createToken(request)) else { throw Self.unexpected }
        return text
    }

    /// Every token, oldest first.
    public func tokens() async throws(CoordinatorError) -> [TokenView] {
        guard case .tokens(let tokens) = try await ask(.listTokens) else { throw Self.unexpected }
        return tokens
    }

    /// Ends a token, named by its id, the first digits of it, its name or its text.
    public func revokeToken(_ token: String) async throws(CoordinatorError) { _ = try await ask(.revokeToken(token)) }

    /// Revokes the key of a worker for good. A running coordinator closes its links at once and tells every member. With
    /// `releaseName` another key may take the name.
    public func revoke(worker: String, releaseName: Bool) async throws(CoordinatorError) {
        _ = try await ask(.revoke(worker: worker, releaseName: releaseName))
    }

    /// Lets a worker finish what it has and sends it nothing new.
    public func drain(worker: String) async throws(CoordinatorError) { _ = try await ask(.drain(worker: worker)) }

    // MARK: Parts

    private func ask(_ request: AdminRequest) async throws(CoordinatorError) -> AdminAnswer {
        try DataFolder.checkExists(path)
        var answer = try await ControlClient.ask(request, folder: path)
        if answer == nil { answer = try await offline(request) }
        guard let answer else { throw Self.unexpected }
        if case .failed(let error) = answer { throw error }
        return answer
    }

    private func offline(_ request: AdminRequest) async throws(CoordinatorError) -> AdminAnswer {
        let folder = try DataFolder(path, create: false)
        let membership = Membership(store: try folder.openStore(), authority: try Authority.open(folder))
        do { try await membership.load(now: .wallClock()) } catch { throw CoordinatorError(error, folder: path) }
        var addresses = try Addresses.remembered(in: folder)
        if addresses.isEmpty { addresses = Addresses.interfaces(port: CoordinatorConfiguration.defaultPort) }
        let commands = AdminCommands(membership: membership, addresses: addresses, revoked: { _ in }, drain: nil)
        let answer = await commands.answer(request)
        await membership.store.close()
        return answer
    }

    private static let unexpected = CoordinatorError.failed("The coordinator gave an answer to another question.")
}
