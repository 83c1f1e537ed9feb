import Wire

/// Who keeps a link: hears what becomes of it and takes the calls that come over it. Called on the link's loop.
protocol LinkOwner: Sendable {
    /// Silence after which a link is dead.
    var silenceLimit: Duration { get }
    /// Where the link counts its bytes.
    var traffic: LinkTraffic { get }
    func accept(_ head: Head, from peer: PeerInfo, stream: LinkStream) -> any CallReceiver
    func heard(_ link: Link, at instant: Instant)
    func goneAway(_ link: Link, _ error: CallError)
    /// The link has no stream ids left: calls go over another one from now on.
    func usedUp(_ link: Link)
    func closed(_ link: Link)
}
