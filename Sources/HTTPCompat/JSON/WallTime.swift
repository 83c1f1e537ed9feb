internal import FoundationEssentials
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A point in time as JSON answers say it: ISO 8601 without a zone, microseconds, local time of the server
/// (`2025-12-09T23:31:40.166047`). That form is the contract of the replaced system.
package struct WallTime: Hashable, Comparable, Sendable {
    /// Microseconds since 1970 in UTC.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// The current time.
    package static var now: WallTime {
        WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    package static func < (a: WallTime, b: WallTime) -> Bool { a.microseconds < b.microseconds }

    /// Seconds from `earlier` to this time; negative where they stand the other way round.
    package func seconds(since earlier: WallTime) -> Double {
        Double(microseconds &- earlier.microseconds) / 1_000_000
    }

    /// The time `milliseconds` before this one.
    package func before(milliseconds: UInt32) -> WallTime {
        WallTime(microseconds: microseconds &- Int64(milliseconds) * 1_000)
    }
}

extension WallTime: CustomStringConvertible, JSONWritable {
    package var description: String {
        // Rounded down, so that the fraction counts forwards before 1970 as well.
        let fraction = (microseconds % 1_000_000 + 1_000_000) % 1_000_000
        var seconds = time_t((microseconds - fraction) / 1_000_000)
        var local = tm()
        localtime_r(&seconds, &local)
        let year = Int64(local.tm_year) + 1_900
        let date = "\(digits(year, 4))-\(digits(local.tm_mon + 1, 2))-\(digits(local.tm_mday, 2))"
        return "\(date)T\(digits(local.tm_hour, 2)):\(digits(local.tm_min, 2)):\(digits(local.tm_sec, 2)).\(digits(fraction, 6))"
    }

    package func write(to json: inout JSONWriter) { json.string(description) }
}

/// Decimal with leading zeros up to `width`.
private func digits(_ value: some BinaryInteger, _ width: Int) -> String {
    let text = String(value)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}
