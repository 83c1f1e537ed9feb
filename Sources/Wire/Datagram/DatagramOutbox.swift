/// Datagrams that wait for a socket, one behind the other in one array that is used again.
package struct DatagramOutbox: Sendable {
    /// All of them.
    package private(set) var bytes: [UInt8] = []
    /// Where each stands, and where it goes.
    package private(set) var datagrams: [(range: Range<Int>, to: DatagramAddress)] = []
    /// Where initiations go that are sent again for want of an answer: a shell may ask the network what is the matter there.
    package internal(set) var unanswered: [DatagramAddress] = []

    package init() {}

    package var isEmpty: Bool { datagrams.isEmpty }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        datagrams.removeAll(keepingCapacity: true)
        unanswered.removeAll(keepingCapacity: true)
    }

    /// The datagrams as values: for tests.
    package var copies: [(bytes: [UInt8], to: DatagramAddress)] { datagrams.map { (Array(bytes[$0.range]), $0.to) } }

    mutating func append(_ datagram: [UInt8], to address: DatagramAddress) {
        let start = bytes.count
        bytes.append(contentsOf: datagram)
        datagrams.append((start..<bytes.count, address))
    }

    /// Appends a datagram that carries `plaintext`, which `seal` seals in place. Nothing is appended where it throws.
    mutating func append(
        _ plaintext: RawSpan, to address: DatagramAddress, seal: (inout MutableRawSpan) throws(WireError) -> Void
    ) throws(WireError) {
        let start = bytes.count
        let count = plaintext.byteCount + DatagramSession.overhead
        bytes.append(contentsOf: repeatElement(0, count: DatagramHeader.length))
        plaintext.withUnsafeBytes { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: repeatElement(0, count: Limits.tag))
        do throws(WireError) {
            var elements = bytes.mutableSpan
            var all = elements.mutableBytes
            try all.withPart(start..<start + count, seal)
        } catch {
            bytes.removeLast(count)
            throw error
        }
        datagrams.append((start..<start + count, address))
    }
}
