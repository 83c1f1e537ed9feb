package import NIOCore

/// Writes the Prometheus text format, version 0.0.4: families one after another, each with its help, its type and its samples.
package struct PrometheusText {
    /// The `Content-Type` of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written so far.
    package private(set) var buffer = ByteBuffer()

    package init() {}

    /// What a family's numbers mean.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Names and values that tell the samples of a family apart, in order.
    package typealias Labels = KeyValuePairs<String, String>

    /// Begins a family; its samples follow before the next one begins.
    /// - Parameter name: letters, digits and `_`, with the unit at the end (`_seconds`, `_bytes`), then `_total` on a counter.
    package mutating func family(_ name: String, _ kind: Kind, help: String) {
        buffer.writeString("# HELP \(name) \(escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// Writes one sample of the family that was begun last.
    package mutating func sample(_ name: String, _ value: some BinaryInteger, _ labels: Labels = [:]) {
        line(name, labels, String(value))
    }

    /// Writes one sample of the family that was begun last.
    package mutating func sample(_ name: String, _ value: Double, _ labels: Labels = [:]) {
        line(name, labels, number(value))
    }

    /// Writes a family of one number without labels.
    package mutating func single(_ name: String, _ kind: Kind, help: String, _ value: some BinaryInteger) {
        family(name, kind, help: help)
        sample(name, value)
    }

    /// Writes a family of one number without labels.
    package mutating func single(_ name: String, _ kind: Kind, help: String, _ value: Double) {
        family(name, kind, help: help)
        sample(name, value)
    }

    /// Writes a family of one histogram.
    package mutating func histogram(_ name: String, help: String, _ histogram: Histogram) {
        family(name, .histogram, help: help)
        let snapshot = histogram.snapshot
        for (bound, count) in snapshot.cumulative { sample("\(name)_bucket", count, ["le": number(bound)]) }
        sample("\(name)_bucket", snapshot.count, ["le": "+Inf"])
        sample("\(name)_sum", snapshot.sum)
        sample("\(name)_count", snapshot.count)
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        buffer.writeString(name)
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.key)=\"\(escape($0.value, quotes: true))\"" }
            buffer.writeString("{\(pairs.joined(separator: ","))}")
        }
        buffer.writeString(" \(value)\n")
    }
}

/// A double as the format writes it.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : value.description
}

private func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": escaped += "\\\\"
        case "\n": escaped += "\\n"
        case "\"" where quotes: escaped += "\\\""
        default: escaped.unicodeScalars.append(character)
        }
    }
    return escaped
}
