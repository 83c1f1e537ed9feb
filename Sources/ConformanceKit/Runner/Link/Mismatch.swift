import Wire

/// What a case wanted to see, and what it saw instead.
struct Mismatch: Error, Sendable, Hashable {
    var expected: String
    var seen: String
}

/// What a target did against good advice: it breaks no rule, and is warned of.
struct Shortfall: Error, Sendable, Hashable {
    var mismatch: Mismatch

    init(expected: String, seen: String) { mismatch = Mismatch(expected: expected, seen: seen) }
}

/// A case, or a run, had no time left.
struct OutOfTime: Error, Sendable, Hashable {
    var mismatch: Mismatch

    init(expected: String, seen: String) { mismatch = Mismatch(expected: expected, seen: seen) }
}

/// A case that cannot be run against this target: it lacks what the sentence names.
struct Lacking: Error, Sendable, Hashable {
    var what: String
}

/// A case that this run cannot carry out: it was not given what the sentence names.
struct NotGiven: Error, Sendable, Hashable {
    var what: String
}

extension Carrier {
    /// The target closes the connection and has not said a byte.
    func expectSilentClose(within patience: Duration) async throws(Mismatch) {
        let expected = "the connection closed, without a byte"
        switch await read(until: .now + patience) {
        case .closed: return
        case .nothing: throw Mismatch(expected: expected, seen: "it was still open after \(patience.text)")
        case .bytes(let bytes): throw Mismatch(expected: expected, seen: "\(bytes.count) bytes: \(bytes.excerpt)")
        }
    }

    /// The target neither says anything nor closes.
    func expectSilence(for time: Duration) async throws(Mismatch) {
        switch await read(until: .now + time) {
        case .nothing: return
        case .closed: throw Mismatch(expected: "silence", seen: "the connection was closed")
        case .bytes(let bytes): throw Mismatch(expected: "silence", seen: "\(bytes.count) bytes: \(bytes.excerpt)")
        }
    }
}

extension Duration {
    /// For people: "250 ms", "3 s".
    var text: String {
        let milliseconds = wholeNanoseconds / 1_000_000
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000) s" : "\(milliseconds) ms"
    }
}

extension [UInt8] {
    /// The first bytes, for people: as text where they are text, otherwise in hexadecimal.
    var excerpt: String {
        let start = prefix(48)
        guard start.allSatisfy({ 32..<127 ~= $0 || $0 == 13 || $0 == 10 || $0 == 9 }) else {
            return start.prefix(24).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + (count > 24 ? "…" : "")
        }
        let line = start.prefix { $0 != 13 && $0 != 10 }
        return "\"" + String(decoding: line, as: UTF8.self) + "\""
    }
}
