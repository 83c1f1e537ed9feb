import Wire

/// Where an upstream is: `http://host[:port][/base]` or `https://…`.
package struct UpstreamURL: Hashable, Sendable {
    package let isSecure: Bool
    /// A name or an address; an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// What stands before every path: empty, or begins with "/" and does not end with one.
    package let base: String

    /// - Throws: `UpstreamURLError` with a sentence about what is wrong.
    package init(_ text: String) throws(UpstreamURLError) {
        func refuse(_ reason: String) -> UpstreamURLError { UpstreamURLError(url: text, reason: reason) }
        guard text.utf8.count <= Limits.url else { throw refuse("it is longer than \(Limits.url) bytes") }
        let rest: Substring
        if text.hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else if text.hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else {
            throw refuse("it does not begin with http:// or https://")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var path = rest[authority.endIndex...]
        guard !path.contains(where: { $0 == "?" || $0 == "#" }) else { throw refuse("it has a query or fragment") }
        guard !authority.contains("@") else { throw refuse("it has a user or password") }
        while path.last == "/" { path.removeLast() }
        base = String(path)
        guard base.isEmpty || FieldText.isTarget(base) else { throw refuse("its path has characters that must be encoded") }
        guard let (host, port) = Self.split(authority, default: isSecure ? 443 : 80) else {
            throw refuse("its host or port cannot be read")
        }
        (self.host, self.port) = (host, port)
    }

    /// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
    private static func split(_ authority: Substring, default port: Int) -> (String, Int)? {
        if let endpoint = Endpoint(authority) { return endpoint.port == 0 ? nil : (endpoint.host, Int(endpoint.port)) }
        guard let endpoint = Endpoint("\(authority):\(port)") else { return nil }
        return (endpoint.host, port)
    }

    /// The value of Host: without the port where it is the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    package var text: String { (isSecure ? "https://" : "http://") + authority + base }
}

/// A URL that cannot be an upstream's, with the reason.
public struct UpstreamURLError: Error, Hashable, Sendable, CustomStringConvertible {
    public let url: String
    public let reason: String

    public var description: String { "\(url) cannot be used as the URL of a service (\(reason)): give one like http://127.0.0.1:9000." }
}
