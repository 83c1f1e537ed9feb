/// Which handshake of a node this is: the run of the node, and how many it has begun in that run. Strictly increases.
package struct DatagramOrder: Hashable, Comparable, Sendable {
    package var bootEpoch: UInt64
    package var counter: UInt64

    package init(bootEpoch: UInt64, counter: UInt64) {
        self.bootEpoch = bootEpoch
        self.counter = counter
    }

    package static func < (a: DatagramOrder, b: DatagramOrder) -> Bool { (a.bootEpoch, a.counter) < (b.bootEpoch, b.counter) }
}

/// What the payload of an initiation carries. It is filled up so that the datagram is as long as any answer may be.
package struct DatagramHello {
    package var order: DatagramOrder
    package var certificate: Certificate

    private enum Field {
        static let bootEpoch: UInt16 = 2
        static let counter: UInt16 = 4
        static let certificate: UInt16 = 6
        static let padding: UInt16 = 7
    }

    /// Bytes before a field's value.
    private static let fieldHeader = 4

    /// The encoding, padded to exactly `size` bytes; `oversized` where it is longer than that.
    package func encoded(size: Int) throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.bootEpoch, order.bootEpoch)
        writer.put(Field.counter, order.counter)
        writer.put(Field.certificate, bytes: certificate.encoded)
        let used = 3 * Self.fieldHeader + 2 * 8 + certificate.encoded.count
        guard used + Self.fieldHeader <= size else { throw .oversized }
        writer.put(Field.padding, bytes: [UInt8](repeating: 0, count: size - used - Self.fieldHeader))
        return try writer.finish()
    }

    package init(order: DatagramOrder, certificate: Certificate) {
        self.order = order
        self.certificate = certificate
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        var bootEpoch: UInt64?
        var counter: UInt64?
        var certificate: Certificate?
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.bootEpoch: bootEpoch = try bytes.integer(UInt64.self, field)
            case Field.counter: counter = try bytes.integer(UInt64.self, field)
            case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
            default: try field.skipOrRefuse()
            }
        }
        order = DatagramOrder(bootEpoch: try required(Field.bootEpoch, bootEpoch), counter: try required(Field.counter, counter))
        self.certificate = try required(Field.certificate, certificate)
    }
}
