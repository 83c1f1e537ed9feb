/// Times as texts of people and header fields: `500ms`, `30s`, `5m`, `1h`.
package enum TimeText {
    /// Milliseconds from a number above 0 and its unit, at most `Limits.maximumDeadline`; `nil` for any other text.
    package static func milliseconds(_ text: String) -> UInt32? {
        let bytes = text.utf8
        let digits = bytes.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard digits.contains(where: { $0 != UInt8(ascii: "0") }) else { return nil }
        let unit: UInt64
        switch String(decoding: bytes[digits.endIndex...], as: UTF8.self) {
        case "ms": unit = 1
        case "s": unit = 1_000
        case "m": unit = 60_000
        case "h": unit = 3_600_000
        default: return nil
        }
        // A number that no machine holds is more than an hour all the same.
        let number = UInt64(String(decoding: digits, as: UTF8.self)) ?? .max
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return min(overflow ? .max : UInt32(clamping: product), Limits.maximumDeadline.wholeMilliseconds)
    }
}
