/// Reads the parts of a request's target: names in the path, parameters in the query. Both percent-encoded UTF-8.
enum TargetText {
    /// Decodes one segment of a path; `nil` if an escape is broken or the bytes are not UTF-8.
    static func decode(segment: Substring) -> String? {
        segment.utf8.contains(UInt8(ascii: "%")) ? decode(segment.utf8, plusIsSpace: false) : String(segment)
    }

    /// The first value of `name` in a query, decoded; `nil` if it is not there or its escapes are broken.
    static func parameter(_ name: String, in query: Substring?) -> String? {
        for pair in query?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, decode(key.utf8, plusIsSpace: true) == name else { continue }
            return decode((parts.count > 1 ? parts[1] : "").utf8, plusIsSpace: true)
        }
        return nil
    }

    private static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.flatMap { UInt8(exactly: $0) }
    }
}
