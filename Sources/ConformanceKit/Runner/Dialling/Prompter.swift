import NIOCore
import Synchronization
import Wire

/// Asks whoever listens to start the target for each case: by one address, with a mesh and a token of the case's own, so that a target
/// that was meant for another case is told from it.
final class Prompter: Sendable {
    /// How long a target may take that somebody has to start.
    static let patience: Duration = .seconds(60)

    private let listener: Listener
    private let say: @Sendable (String) -> Void
    private let former = Mutex<[MeshID]>([])
    /// What was announced before the run began.
    private let opening = Mutex<(id: String, theatre: Theatre)?>(nil)

    private init(_ listener: Listener, _ say: @escaping @Sendable (String) -> Void) {
        self.listener = listener
        self.say = say
    }

    /// Asks for the target of the first case, and waits until something dials. Throws where nothing does.
    static func open(
        _ first: ConformanceCase, _ options: ConformanceOptions, _ group: any EventLoopGroup, _ say: @escaping @Sendable (String) -> Void
    ) async throws -> Prompter {
        let listener = try await Theatre.listen(options, group)
        let prompter = Prompter(listener, say)
        say(
            "For each line \"start CASE TOKEN\": end the target of the case before, and start it with that token, as a new node with a "
                + "new folder. It joins at \(listener.endpoint).")
        let theatre = try prompter.announce(first)
        prompter.opening.withLock { $0 = (first.id, theatre) }
        let limit = min(patience, options.limit)
        guard await listener.isDialled(within: limit) else {
            await listener.close()
            throw ConformanceFailure(
                "No target has dialled \(listener.endpoint) within \(limit.text): "
                    + "start one with the token of the line above, or let --exec do it.")
        }
        if let stranger = await theatre.stranger(options.patience) {
            await listener.close()
            throw stranger
        }
        return prompter
    }

    /// The place of a case, and the meshes of those before.
    func next(_ each: ConformanceCase) throws -> (theatre: Theatre, former: [MeshID]) {
        let announced = opening.withLock { opening in
            guard opening?.id == each.id else { return Theatre?.none }
            defer { opening = nil }
            return opening?.theatre
        }
        let before = former.withLock(\.self)
        if announced == nil { listener.dropAccepted() }
        let theatre = try announced ?? announce(each)
        former.withLock { $0.append(theatre.meshID) }
        return (theatre, before)
    }

    func close() async { await listener.close() }

    private func announce(_ each: ConformanceCase) throws -> Theatre {
        let theatre = try Theatre(listener)
        say("start \(each.id) \(try theatre.token.text())")
        return theatre
    }
}
