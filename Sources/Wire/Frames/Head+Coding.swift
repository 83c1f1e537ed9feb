/// The TLV types of a HEAD frame, in the order in which they stand.
enum HeadType {
    static let method: UInt16 = 2
    static let service: UInt16 = 4
    static let worker: UInt16 = 6
    static let verb: UInt16 = 8
    static let path: UInt16 = 10
    static let status: UInt16 = 12
    static let deadline: UInt16 = 14
    static let hops: UInt16 = 16
    static let idempotencyKey: UInt16 = 17
    static let traceParent: UInt16 = 19
    static let load: UInt16 = 21
    static let servedBy: UInt16 = 23
    static let fields: UInt16 = 24
}

extension Head {
    /// Appends the canonical encoding to `out`. What is empty or zero is left out.
    ///
    /// Throws `oversized` beyond `Limits.headSize` and for a text beyond its own limit; `out` is then as it was.
    package func encode(into out: inout [UInt8]) throws(WireError) {
        let start = out.count
        do throws(WireError) {
            try out.appendText(HeadType.method, method, limit: Limits.name)
            try out.appendText(HeadType.service, service, limit: Limits.name)
            try out.appendText(HeadType.worker, worker, limit: Limits.name)
            try out.appendText(HeadType.verb, verb, limit: Limits.verb)
            try out.appendText(HeadType.path, path, limit: Limits.headSize)
            if status != 0 { out.appendField(HeadType.status, status) }  // FRAME-6.1
            if deadline != 0 { out.appendField(HeadType.deadline, deadline) }
            if hops != 0 { out.appendField(HeadType.hops, hops) }
            try out.appendText(HeadType.idempotencyKey, idempotencyKey, limit: Limits.idempotencyKey)
            try out.appendText(HeadType.traceParent, traceParent, limit: Limits.traceParent)
            if let load { out.appendLoad(load) }
            try out.appendText(HeadType.servedBy, servedBy, limit: Limits.name)
            try out.appendFields(fields)
            guard out.count - start <= Limits.headSize else { throw .oversized }
        } catch {
            out.removeLast(out.count - start)
            throw error
        }
    }

    /// The canonical encoding by itself.
    public func encode() throws(WireError) -> [UInt8] {
        var out: [UInt8] = []
        try encode(into: &out)
        return out
    }

    /// Reads the whole of `bytes`.
    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.headSize else { throw .oversized }
        self.init()
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            guard !field.range.isEmpty else { throw .notMinimal }  // FRAME-6.2
            try decode(field, in: bytes)
        }
    }

    private mutating func decode(_ field: TLVField, in bytes: RawSpan) throws(WireError) {
        switch field.type {
        case HeadType.method: method = try bytes.text(field, limit: Limits.name)
        case HeadType.service: service = try bytes.text(field, limit: Limits.name)
        case HeadType.worker: worker = try bytes.text(field, limit: Limits.name)
        case HeadType.verb: verb = try bytes.text(field, limit: Limits.verb)
        case HeadType.path: path = try bytes.text(field, limit: Limits.headSize)
        case HeadType.status: status = try nonZero(try bytes.integer(UInt16.self, field))
        case HeadType.deadline: deadline = try nonZero(try bytes.integer(UInt32.self, field))
        case HeadType.hops: hops = try nonZero(try bytes.integer(UInt8.self, field))
        case HeadType.idempotencyKey: idempotencyKey = try bytes.text(field, limit: Limits.idempotencyKey)
        case HeadType.traceParent: traceParent = try bytes.text(field, limit: Limits.traceParent)
        case HeadType.load: load = try LoadReport(bytes, field)
        case HeadType.servedBy: servedBy = try bytes.text(field, limit: Limits.name)
        case HeadType.fields: fields = try decodeFields(field, in: bytes)
        default: try field.skipOrRefuse()
        }
    }
}

/// A zero is encoded by leaving the field out.
private func nonZero<T: FixedWidthInteger>(_ value: T) throws(WireError) -> T {
    guard value != 0 else { throw .notMinimal }  // FRAME-6.2
    return value
}

/// The texts of the list first, then that they are pairs, then the names.
private func decodeFields(_ field: TLVField, in bytes: RawSpan) throws(WireError) -> [Head.Field] {
    var list = TLVList(field, limit: Limits.headSize / 4)
    var fields: [Head.Field] = []
    while let name = try list.next(in: bytes) {
        let name = try text(name, of: field, in: bytes)
        guard let value = try list.next(in: bytes) else { throw .badLength(field.type) }  // FRAME-6.4
        fields.append(Head.Field(name, try text(value, of: field, in: bytes)))
    }
    guard !fields.contains(where: { $0.name.isEmpty }) else { throw .badValue(field.type) }  // FRAME-6.4
    return fields
}

private func text(_ range: Range<Int>, of field: TLVField, in bytes: RawSpan) throws(WireError) -> String {
    guard let text = String(validatingUTF8: bytes.extracting(range)) else { throw .badValue(field.type) }  // CONV-4.2
    return text
}

extension [UInt8] {
    /// Appends an integer in its full width, big-endian.
    package mutating func appendInteger(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    fileprivate mutating func appendField(_ type: UInt16, _ value: some FixedWidthInteger & UnsignedInteger) {
        appendInteger(type)
        appendInteger(UInt16(truncatingIfNeeded: value.bitWidth / 8))
        appendInteger(value)
    }

    fileprivate mutating func appendText(_ type: UInt16, _ text: String, limit: Int) throws(WireError) {
        guard !text.isEmpty else { return }  // FRAME-6.1
        let utf8 = text.utf8
        guard utf8.count <= limit, let length = UInt16(exactly: utf8.count) else { throw .oversized }
        appendInteger(type)
        appendInteger(length)
        append(contentsOf: utf8)
    }

    fileprivate mutating func appendLoad(_ load: LoadReport) {
        appendInteger(HeadType.load)
        appendInteger(UInt16(16))
        appendInteger(load.inFlight)
        appendInteger(load.limit)
        appendInteger(load.queued)
        appendInteger(load.serviceMicroseconds)
    }

    fileprivate mutating func appendFields(_ fields: [Head.Field]) throws(WireError) {
        guard !fields.isEmpty else { return }
        let total = fields.reduce(0) { $0 + 4 + $1.name.utf8.count + $1.value.utf8.count }
        guard let length = UInt16(exactly: total) else { throw .oversized }
        appendInteger(HeadType.fields)
        appendInteger(length)
        for field in fields {
            appendInteger(UInt16(truncatingIfNeeded: field.name.utf8.count))
            append(contentsOf: field.name.utf8)
            appendInteger(UInt16(truncatingIfNeeded: field.value.utf8.count))
            append(contentsOf: field.value.utf8)
        }
    }
}
