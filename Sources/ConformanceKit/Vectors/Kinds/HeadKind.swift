import Wire

extension VectorKind {
    /// The payload of a HEAD frame.
    static let head = VectorKind("head") { (input) throws(VectorFormatError) in
        let bytes = try input.hex("bytes")
        return {
            let head = try bytes.decode { (span) throws(WireError) in try Head(decoding: span) }
            return ["head": head.vector, "encoded": .hex(try head.encode())]
        }
    }
}

extension Head {
    /// What is there; empty texts and zeros are absent.
    var vector: VectorValue {
        var fields: [VectorValue.Field] = []
        func text(_ name: String, _ value: String) {
            if !value.isEmpty { fields.append(.init(name, .string(value))) }
        }
        func number(_ name: String, _ value: some BinaryInteger) {
            if value != 0 { fields.append(.init(name, .number(value))) }
        }
        text("method", method)
        text("service", service)
        text("worker", worker)
        text("verb", verb)
        text("path", path)
        number("status", status)
        number("deadline", deadline)
        number("hops", hops)
        text("idempotency_key", idempotencyKey)
        text("trace_parent", traceParent)
        if let load { fields.append(.init("load", load.vector)) }
        text("served_by", servedBy)
        if !self.fields.isEmpty {
            fields.append(.init("fields", .array(self.fields.map { ["name": .string($0.name), "value": .string($0.value)] })))
        }
        return .object(fields)
    }
}

extension LoadReport {
    var vector: VectorValue {
        [
            "in_flight": .number(inFlight), "limit": .number(limit), "queued": .number(queued),
            "service_microseconds": .number(serviceMicroseconds),
        ]
    }
}
