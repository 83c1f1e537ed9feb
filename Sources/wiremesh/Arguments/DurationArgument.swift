import ArgumentParser

/// A time such as 500ms, 30s, 5m, 1h or 2d. A number alone is seconds.
struct DurationArgument: ExpressibleByArgument, Equatable {
    var duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number >= 0, let unit = Self.units[String(argument.dropFirst(digits.count))],
            number * unit <= Self.longest
        else { return nil }
        duration = .milliseconds(Int64(number * unit * 1_000))
    }

    var defaultValueDescription: String {
        let seconds = duration.components.seconds
        return seconds % 3_600 == 0 ? "\(seconds / 3_600)h" : seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s"
    }

    private static let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400]
    /// Ten years, in seconds.
    private static let longest = 10 * 366 * 86_400.0
}
