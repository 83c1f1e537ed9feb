public import Transport

/// Reaches members that speak HTTP only. HTTP lives in another module, which implements this protocol.
public protocol HTTPForwarder: Sendable {
    /// A caller that sends a head to `{tunnelURL}/service/{head.service}{head.path}`. Cheap: made once per worker and kept,
    /// but connections belong to the forwarder. Redirects are never followed.
    ///
    /// `deadline` and `hops` of the head stand for what is left when it arrives here; the implementation carries them on
    /// (`Wiremesh-Timeout`, `Wiremesh-Hops`), because the member may be a worker that forwards again.
    /// A failure before any byte of the request left has a NOT_PROCESSED code (`unreachable`).
    func caller(to tunnelURL: String) -> any Caller
}
