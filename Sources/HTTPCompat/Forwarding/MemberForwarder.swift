import NIOCore
import Synchronization
public import Transport
import Wire
public import Worker

/// Reaches members of the mesh that speak HTTP only: `{verb} {tunnel_url}/service/{service}{path}`.
///
/// Redirects pass through and are never followed. Deadline and hops go along, because such a member may forward again.
public final class MemberForwarder: HTTPForwarder {
    private let known = Mutex<[String: Member]>([:])

    public init() {}

    public func caller(to tunnelURL: String) -> any Caller {
        if let member = known.withLock({ $0[tunnelURL] }) { return member }
        do {
            let member = Member(connections: try UpstreamConnections(UpstreamURL(tunnelURL)))
            return known.withLock { known in
                if let first = known[tunnelURL] { return first }
                // Whoever holds a caller keeps it; this only forgets to share.
                if known.count >= Limits.httpMembers { known.removeAll() }
                known[tunnelURL] = member
                return member
            }
        } catch {
            return Unusable(reason: error.description)
        }
    }

    private struct Member: Caller {
        let connections: UpstreamConnections

        func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
            let prefix = "\(connections.url.base)/service/\(head.service)"  // HTTP-5.1
            return connections.open(head, prefix: prefix, carriesOn: true, on: loop, receiver: receiver)
        }
    }

    /// A member whose URL makes no sense.
    private struct Unusable: Caller {
        let reason: String

        func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
            FailedCall(CallError(.unreachable, reason), on: loop, receiver: receiver)
        }
    }
}
