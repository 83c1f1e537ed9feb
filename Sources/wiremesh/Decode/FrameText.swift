import Wire

/// Frames as people read them.
enum FrameText {
    /// The lines for the frames of one record's plaintext, or for one frame alone.
    /// - Throws: a `Failure` that says at which byte the bytes stop being frames.
    static func lines(_ bytes: [UInt8]) throws -> [String] {
        var lines: [String] = []
        var offset = 0
        while offset < bytes.count {
            do {
                let header = try bytes.decode { (span) throws(WireError) in try FrameHeader(in: span, at: offset) }
                let start = offset + Limits.frameHeader
                let payload = Array(bytes[start..<start + Int(header.length)])
                lines.append(title(header, at: offset))
                lines += try details(header, payload).map { "        " + Terminal.plain($0) }
                offset = start + payload.count
            } catch {
                throw Failure.failed(
                    "At byte \(offset) this is not a frame of WM/1: \(error). Give a record's plaintext, not its ciphertext.")
            }
        }
        return lines
    }

    private static func title(_ header: FrameHeader, at offset: Int) -> String {
        let name = FrameType(rawValue: header.type).map(specName) ?? "UNKNOWN 0x" + [header.type].hex
        let flags = [("END", FrameFlags.end), ("MORE", .more), ("LZ4", .lz4)].filter { header.flags.contains($0.1) }.map(\.0)
        let stream = header.stream == 0 ? "link" : "stream \(header.stream)"
        let cells = [padded("\(offset)", 6), padded(name, 11), padded(stream, 14), "\(header.length) bytes"]
        return (cells + flags).joined(separator: "  ")
    }

    private static func details(_ header: FrameHeader, _ payload: [UInt8]) throws(WireError) -> [String] {
        switch FrameType(rawValue: header.type) {
        case .head: return head(try payload.decode(Head.init(decoding:)))
        case .data where header.flags.contains(.lz4):
            return ["raw size \(try integer(UInt16.self, payload)), block \(preview(Array(payload.dropFirst(2))))"]
        case .window: return ["credit up to \(try integer(UInt64.self, payload)) bytes"]
        case .maxStreams: return ["\(try integer(UInt32.self, payload)) streams in all"]
        case .stop: return [code(try integer(UInt16.self, payload))]
        case .reset:
            let retry = try integer(UInt32.self, payload, at: 2)
            return [code(try integer(UInt16.self, payload)), "retry after \(retry) ms", "reason '\(text(payload.dropFirst(6)))'"]
        case .ping, .pong: return ["number \(try integer(UInt64.self, payload))"]
        case .goAway:
            let last = try integer(UInt32.self, payload)
            return ["last stream \(last)", code(try integer(UInt16.self, payload, at: 4)), "reason '\(text(payload.dropFirst(6)))'"]
        case .data, .padding, nil: return payload.isEmpty ? [] : [preview(payload)]
        }
    }

    private static func head(_ head: Head) -> [String] {
        var lines: [String] = []
        func add(_ name: String, _ value: String) { if !value.isEmpty { lines.append("\(name) \(value)") } }
        add("method", head.method)
        add("service", head.service)
        add("worker", head.worker)
        add("verb", head.verb)
        add("path", head.path)
        if head.status != 0 { add("status", "\(head.status)") }
        if head.deadline != 0 { add("deadline", "\(head.deadline) ms") }
        if head.hops != 0 { add("hops", "\(head.hops)") }
        add("idempotency key", head.idempotencyKey)
        add("trace parent", head.traceParent)
        if let load = head.load {
            add("load", "\(load.inFlight) in flight of \(load.limit), \(load.queued) queued, \(load.serviceMicroseconds) us")
        }
        add("served by", head.servedBy)
        for field in head.fields { lines.append("\(field.name): \(field.value)") }
        return lines
    }

    private static func code(_ raw: UInt16) -> String {
        let code = ErrorCode(rawValue: raw)
        let hex = [UInt8(truncatingIfNeeded: raw >> 8), UInt8(truncatingIfNeeded: raw)].hex
        return "code 0x\(hex) \(code.name)" + (code.isNotProcessed ? ", not processed" : "")
    }

    private static func integer<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _: T.Type, _ payload: [UInt8], at offset: Int = 0
    ) throws(WireError) -> T {
        try payload.decode { (span) throws(WireError) in try span.integer(T.self, at: offset) }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The first bytes, as text where they are text.
    private static func preview(_ bytes: [UInt8]) -> String {
        let shown = bytes.prefix(64)
        let rest = bytes.count > shown.count ? " …" : ""
        let isText = shown.allSatisfy { (32..<127).contains($0) || [9, 10, 13].contains($0) }
        return (isText ? "'\(text(shown))'" : Array(shown).hex) + rest
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The name as the specification writes it.
    private static func specName(_ type: FrameType) -> String {
        switch type {
        case .data: "DATA"
        case .padding: "PADDING"
        case .head: "HEAD"
        case .window: "WINDOW"
        case .maxStreams: "MAX_STREAMS"
        case .stop: "STOP"
        case .reset: "RESET"
        case .ping: "PING"
        case .pong: "PONG"
        case .goAway: "GOAWAY"
        }
    }
}
