import Synchronization
import Transport
import Wire

/// Takes the coordinator's notices to whoever acts on them.
final class NoticeBoard: Sendable {
    private let reader = Mutex<(@Sendable (Notice, PeerInfo) -> Void)?>(nil)

    func read(_ body: @escaping @Sendable (Notice, PeerInfo) -> Void) { reader.withLock { $0 = body } }

    func post(_ notice: Notice, from peer: PeerInfo) { reader.withLock { $0 }?(notice, peer) }
}
