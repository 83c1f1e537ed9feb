/// The sixteen bytes before every datagram: type, version, reserved, receiver index, counter.
package struct DatagramHeader: Hashable, Sendable {
    /// What a datagram is.
    package enum Kind: UInt8, Sendable {
        /// Message 1 of a handshake.
        case initiation = 1
        /// Message 2.
        case response = 2
        /// Something said within a session.
        case session = 3
        /// What a responder under load says instead of message 2: come again, from the same address, with this.
        case cookie = 4
        /// Within a session: the sender asks whether the receiver is at the address that its datagrams come from.
        case challenge = 5
        /// Within a session: the answer to a challenge, or nothing but a sign of life.
        case echo = 6

        /// Whether it is sealed with a session's keys and counts as one of its datagrams.
        package var isInSession: Bool {
            switch self {
            case .session, .challenge, .echo: true
            case .initiation, .response, .cookie: false
            }
        }

        /// As an error names it.
        var number: UInt16 { UInt16(rawValue) }  // fits: a byte
    }

    package var kind: Kind
    /// The number that the receiver has given to the handshake or session; 0 in an initiation.
    package var receiver: UInt32
    /// The nonce of a session's datagram; 0 in a handshake and a cookie.
    package var counter: UInt64

    package static let length = 16
    /// The one version that this program speaks.
    package static let version: UInt8 = 1

    package init(_ kind: Kind, receiver: UInt32 = 0, counter: UInt64 = 0) {
        self.kind = kind
        self.receiver = receiver
        self.counter = counter
    }

    /// Reads the beginning of a datagram.
    ///
    /// `oversized` for more than `Limits.datagram` bytes, `badPreface` for another version or reserved bits that are set,
    /// `unknownCritical` for another type, `badValue` for a receiver or counter that a handshake or a cookie does not have.
    package init(decoding datagram: RawSpan) throws(WireError) {
        guard datagram.byteCount <= Limits.datagram else { throw .oversized }  // DGRAM-1.1
        guard datagram.byteCount >= Self.length else { throw .truncated }  // DGRAM-1.2
        let type = try datagram.integer(UInt8.self, at: 0)
        let reserved = try datagram.integer(UInt16.self, at: 2)
        guard try datagram.integer(UInt8.self, at: 1) == Self.version, reserved == 0 else { throw .badPreface }  // DGRAM-1.3
        guard let kind = Kind(rawValue: type) else { throw .unknownCritical(UInt16(truncatingIfNeeded: type)) }  // DGRAM-1.4
        self.kind = kind
        receiver = try datagram.integer(UInt32.self, at: 4)
        counter = try datagram.integer(UInt64.self, at: 8)
        let isPlausible =
            switch kind {
            case .initiation: receiver == 0 && counter == 0
            case .response, .cookie: counter == 0
            case .session, .challenge, .echo: true
            }
        guard isPlausible else { throw .badValue(kind.number) }  // DGRAM-1.5
    }

    package var encoded: [UInt8] {
        var out: [UInt8] = [kind.rawValue, Self.version, 0, 0]
        out.appendInteger(receiver)
        out.appendInteger(counter)
        return out
    }

    /// Writes the header to the first bytes of `out`; `truncated` where it does not fit.
    func write(to out: inout MutableRawSpan) throws(WireError) {
        guard out.byteCount >= Self.length else { throw .truncated }
        out.storeBytes(of: kind.rawValue, toByteOffset: 0, as: UInt8.self)
        out.storeBytes(of: Self.version, toByteOffset: 1, as: UInt8.self)
        out.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
        out.storeBytes(of: receiver.bigEndian, toByteOffset: 4, as: UInt32.self)
        out.storeBytes(of: counter.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
}
