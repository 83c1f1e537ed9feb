/// Where the front listens, who may talk to it and what it holds for one client.
public struct FrontConfiguration: Sendable {
    /// Address or name to bind; loopback unless told otherwise.
    public var host = "127.0.0.1"
    /// Port to bind; 0 picks a free one.
    public var port: Int
    /// Takes the next free port when `port` is busy. For a port that nobody asked for: one that was asked for is an error.
    public var movesToFreePort = false
    /// PEM files of the certificate chain and its private key; both or neither. With them the front speaks TLS only.
    public var certificate: String?
    public var key: String?
    /// File of bearer tokens, one a line, mode 0600 or stricter. With it every request needs one of them.
    public var tokenFile: String?
    /// Allows to listen off loopback without TLS and tokens. Warned about at each start.
    public var allowsInsecure = false
    /// Origins whose pages may read answers (CORS); "*" for all, empty for none.
    public var allowedOrigins: [String] = []
    /// Names that a request's Host may have on a loopback front, besides loopback names and addresses: what an operator
    /// advertises. Other names are refused, because a page that rebinds its own name to 127.0.0.1 sends that name.
    public var allowedHosts: [String] = []

    public init(port: Int) { self.port = port }

    /// Splits the value of `ALLOWED_ORIGINS`: comma separated, blanks ignored.
    public static func origins(_ text: String) -> [String] {
        text.split(separator: ",").map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " || part.last == "/" { part.removeLast() }
            return String(part)
        }.filter { !$0.isEmpty }
    }
}

/// Why a front cannot start. One sentence each: what is wrong and what to do.
public enum FrontError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Off loopback without TLS and tokens, and not explicitly allowed.
    case exposed(host: String)
    /// A certificate without a key, or a key without a certificate.
    case certificateWithoutKey
    /// A certificate or key file that cannot be used.
    case badCertificate(file: String, reason: String)
    /// A token file that cannot be used.
    case badTokenFile(file: String, reason: String)
    /// The port that was asked for is in use. The command exits 3 for it, 2 for the others.
    case portTaken(host: String, port: Int)
    /// The address cannot be bound for another reason.
    case cannotListen(host: String, port: Int, reason: String)

    public var description: String {
        switch self {
        case .exposed(let host):
            "HTTP on \(host) can be reached from other machines: give --http-cert, --http-key and --http-token-file, "
                + "listen on 127.0.0.1, or accept the risk with --insecure-http."
        case .certificateWithoutKey:
            "TLS needs both files: give --http-cert and --http-key together."
        case .badCertificate(let file, let reason):
            "The TLS file \(file) cannot be used (\(reason)): give a PEM certificate chain and its PEM private key."
        case .badTokenFile(let file, let reason):
            "The token file \(file) cannot be used: \(reason)."
        case .portTaken(let host, let port):
            "Port \(port) on \(host) is in use: stop what listens there or choose another port."
        case .cannotListen(let host, let port, let reason):
            "Cannot listen on \(host):\(port) (\(reason)): give an address of this machine and a port that may be used."
        }
    }
}
