internal import Coordinator
internal import NIOCore
internal import Wire

/// Who asks for workers, as far as it decides which addresses are of use to them.
struct Asker: Hashable, Sendable {
    /// The coordinator's own URL in the words of the asker, without a slash at its end: what their Host field says.
    var coordinatorURL: String
    /// Whether they are on the coordinator's machine, so that loopback addresses reach what they mean.
    var isLocal: Bool
    /// Region that they say they are in, or that their address is known to be in.
    var region: String?

    /// - Parameters:
    ///   - host: what the Host field says.
    ///   - fallback: "host:port" for clients that name no host, or none that can stand in a URL.
    ///   - regionOf: the region of a member at an address, where one is known.
    init(
        host: String?, isSecure: Bool, remote: SocketAddress?, query: Substring?, fallback: String, regionOf: (String) -> String?
    ) {
        let authority = host.flatMap { Self.isAuthority($0) ? $0 : nil } ?? fallback
        coordinatorURL = (isSecure ? "https://" : "http://") + authority
        let origin = remote.map { HostClass($0) } ?? .routable
        isLocal = origin == .loopback
        region = TargetText.parameter("region", in: query)
        if region == nil, origin == .routable, let address = remote?.ipAddress { region = regionOf(address) }
    }

    /// Whether a Host field can stand in a URL: the characters of names, addresses and ports.
    private static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= Limits.endpoint
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
}
