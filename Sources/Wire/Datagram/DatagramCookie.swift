/// The second mac of an initiation, and the datagram that gives a stranger what it takes to compute it.
///
/// A responder under load spends no curve operation on an address that has not shown that it receives there: it answers with a
/// cookie, which follows from the address and a secret of its own, and looks at an initiation whose mac2 was made with it.
package enum DatagramCookie {
    /// mac2 of an initiation: over everything before it.
    static func mac2(_ cookie: SecretBytes, over initiation: [UInt8]) -> SecretBytes {
        var mac = cookie.withBytes { HMAC(key: $0) }
        mac.update(initiation.span.bytes.extracting(0..<min(DatagramLayout.mac2, initiation.count)))
        return mac.finish().prefix(Limits.mac1)
    }

    /// `initiation` with the mac2 that `cookie` gives.
    package static func apply(_ cookie: SecretBytes, to initiation: [UInt8]) -> [UInt8] {
        initiation.prefix(DatagramLayout.mac2) + mac2(cookie, over: initiation).exposed  // DGRAM-5.2
    }

    /// Whether `initiation` has the mac2 of `cookie`.
    package static func holds(_ cookie: SecretBytes, for initiation: [UInt8]) -> Bool {
        guard initiation.count == Limits.datagram else { return false }
        return SecretBytes(initiation.suffix(Limits.mac1)).equals(mac2(cookie, over: initiation))
    }

    /// The answer to `initiation` that carries `cookie`, 16 bytes. `salt` is 16 random bytes, `responder` this node's static key.
    package static func seal(
        _ cookie: SecretBytes, for initiation: [UInt8], salt: [UInt8], responder: StaticKey
    ) throws(WireError) -> [UInt8] {
        let index = try initiation.span.bytes.integer(UInt32.self, at: DatagramHeader.length)
        let header = DatagramHeader(.cookie, receiver: index).encoded
        var sealed = cookie.exposed + [UInt8](repeating: 0, count: Limits.tag)
        var elements = sealed.mutableSpan
        var bytes = elements.mutableBytes
        let key = try key(for: initiation, salt: salt, responder: responder)
        var cipher = try AEADKey(.chaChaPoly, key: key)
        try cipher.seal(&bytes, nonce: 0, associatedData: header.span.bytes)
        return header + salt + sealed
    }

    /// The cookie of `datagram`, which must be for the initiation with `index`. `badValue` for another one, `truncated` and
    /// `trailing` for another size, `authentication` where it does not open.
    package static func open(
        _ datagram: [UInt8], for initiation: [UInt8], index: UInt32, responder: StaticKey
    ) throws(WireError) -> SecretBytes {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .cookie, header.receiver == index else { throw .badValue(header.kind.number) }  // DGRAM-5.4
        guard datagram.count >= DatagramLayout.cookieDatagram else { throw .truncated }
        guard datagram.count == DatagramLayout.cookieDatagram else { throw .trailing }
        let salt = Array(datagram[DatagramHeader.length..<DatagramHeader.length + DatagramLayout.cookie])
        var sealed = Array(datagram.dropFirst(DatagramHeader.length + DatagramLayout.cookie))
        var elements = sealed.mutableSpan
        var bytes = elements.mutableBytes
        let key = try key(for: initiation, salt: salt, responder: responder)
        let clear = Array(datagram.prefix(DatagramHeader.length))
        var cipher = try AEADKey(.chaChaPoly, key: key)
        try cipher.open(&bytes, nonce: 0, associatedData: clear.span.bytes)
        return SecretBytes(sealed.prefix(DatagramLayout.cookie))
    }

    /// One key per cookie that is sent, so that its nonce is never used twice. Whoever has not seen the initiation cannot compute it.
    private static func key(for initiation: [UInt8], salt: [UInt8], responder: StaticKey) throws(WireError) -> SecretBytes {
        guard initiation.count == Limits.datagram else { throw .truncated }
        var mac = HMAC(key: responder.bytes.span.bytes)
        mac.update(Domain.cookie.prefix.span.bytes)
        mac.update(initiation.span.bytes.extracting(DatagramLayout.mac1..<DatagramLayout.mac2))
        mac.update(salt.span.bytes)
        return mac.finish()
    }
}

/// A responder's cookies: each follows from an address and a secret that is drawn anew every `Limits.cookieLife`.
struct CookieJar: Sendable {
    private var secret: SecretBytes
    private var previous: SecretBytes?
    private var drawn: Instant

    init(secret: SecretBytes, now: Instant) {
        self.secret = secret
        drawn = now
    }

    /// When the secret is due to be drawn again.
    var renewal: Instant { drawn + Limits.cookieLife }

    mutating func renew(secret: SecretBytes, now: Instant) {  // DGRAM-5.5
        previous = now < renewal + Limits.cookieLife ? self.secret : nil
        self.secret = secret
        drawn = now
    }

    /// What `address` gets.
    func cookie(for address: DatagramAddress) -> SecretBytes { Self.cookie(secret, address) }

    /// Whether `initiation` carries a cookie that was given to `address`.
    func admits(_ initiation: [UInt8], from address: DatagramAddress) -> Bool {
        if DatagramCookie.holds(cookie(for: address), for: initiation) { return true }
        guard let previous else { return false }
        return DatagramCookie.holds(Self.cookie(previous, address), for: initiation)
    }

    private static func cookie(_ secret: SecretBytes, _ address: DatagramAddress) -> SecretBytes {
        var mac = secret.withBytes { HMAC(key: $0) }
        mac.update(address.bytes.span.bytes)
        return mac.finish().prefix(DatagramLayout.cookie)
    }
}
