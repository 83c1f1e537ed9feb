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

/// What the payload of an initiation carries: who begins, and what it wants to know. It is filled up so that the datagram is as
/// long as any answer may be.
package struct DatagramHello {
    package var order: DatagramOrder
    package var certificate: Certificate
    /// What the layer above asks at once; `nil` where it asks nothing yet.
    package var request: [UInt8]?

    private enum Field {
        static let bootEpoch: UInt16 = 2
        static let counter: UInt16 = 4
        static let certificate: UInt16 = 6
        static let request: UInt16 = 8
        static let padding: UInt16 = 9
    }

    /// Bytes before a field's value.
    private static let fieldHeader = 4

    /// Bytes that a request beside `certificate` may have; `nil` where not even the certificate fits.
    package static func room(beside certificate: Certificate) -> Int? {
        let room = DatagramLayout.hello - 5 * fieldHeader - 2 * 8 - certificate.encoded.count
        return room >= 0 ? room : nil
    }

    /// The encoding, padded to exactly the size that an initiation has for it; `oversized` where it is longer than that.
    package func encoded() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.bootEpoch, order.bootEpoch)
        writer.put(Field.counter, order.counter)
        writer.put(Field.certificate, bytes: certificate.encoded)
        var used = 4 * Self.fieldHeader + 2 * 8 + certificate.encoded.count
        if let request {
            writer.put(Field.request, bytes: request)
            used += Self.fieldHeader + request.count
        }
        guard used <= DatagramLayout.hello else { throw .oversized }
        writer.put(Field.padding, bytes: [UInt8](repeating: 0, count: DatagramLayout.hello - used))
        return try writer.finish()
    }

    package init(order: DatagramOrder, certificate: Certificate, request: [UInt8]? = nil) {
        self.order = order
        self.certificate = certificate
        self.request = request
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        var bootEpoch: UInt64?
        var counter: UInt64?
        var certificate: Certificate?
        var request: [UInt8]?
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.bootEpoch: bootEpoch = try bytes.integer(UInt64.self, field)
            case Field.counter: counter = try bytes.integer(UInt64.self, field)
            case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
            case Field.request: request = try bytes.array(field, limit: DatagramLayout.hello)
            case Field.padding: guard field.range.count <= DatagramLayout.hello else { throw .badLength(field.type) }
            default: try field.skipOrRefuse()
            }
        }
        order = DatagramOrder(bootEpoch: try required(Field.bootEpoch, bootEpoch), counter: try required(Field.counter, counter))
        self.certificate = try required(Field.certificate, certificate)
        self.request = request
    }
}

/// What the payload of a response carries: who answers, and the answer to the request of the initiation.
package struct DatagramWelcome {
    package var certificate: Certificate
    /// `nil` where nothing was asked, or where there is no answer that fits.
    package var answer: [UInt8]?

    private enum Field {
        static let certificate: UInt16 = 2
        static let answer: UInt16 = 4
    }

    private static let fieldHeader = 4

    /// Bytes that an answer beside `certificate` may have; `nil` where not even the certificate fits.
    package static func room(beside certificate: Certificate) -> Int? {
        let room = DatagramLayout.welcome - 2 * fieldHeader - certificate.encoded.count
        return room >= 0 ? room : nil
    }

    /// `oversized` where it does not fit a response.
    package func encoded() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.certificate, bytes: certificate.encoded)
        if let answer { writer.put(Field.answer, bytes: answer) }
        let bytes = try writer.finish()
        guard bytes.count <= DatagramLayout.welcome else { throw .oversized }
        return bytes
    }

    package init(certificate: Certificate, answer: [UInt8]? = nil) {
        self.certificate = certificate
        self.answer = answer
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        var certificate: Certificate?
        var answer: [UInt8]?
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
            case Field.answer: answer = try bytes.array(field, limit: DatagramLayout.welcome)
            default: try field.skipOrRefuse()
            }
        }
        self.certificate = try required(Field.certificate, certificate)
        self.answer = answer
    }
}
