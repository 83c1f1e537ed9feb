import Wire

/// Whether the clock can be believed: certificates and tokens live by it.
///
/// The folder remembers the latest time that the coordinator has seen, written at start, at the end and once an hour.
enum ClockCheck {
    /// How often the time is written down.
    static let interval: Duration = .seconds(3_600)
    private static let file = "clock"
    /// 2025-01-01: this program did not exist before.
    private static let earliest = UnixTime(seconds: 1_735_689_600)
    /// Seconds that a clock may go back without a word: it was set right.
    private static let tolerance: UInt64 = 3_600
    /// Ten years between two starts are not an outage.
    private static let longestPause: UInt64 = 10 * 365 * 86_400

    /// Throws `clock` with a sentence where `now` is far from what it must be.
    static func check(_ folder: DataFolder, now: UnixTime) throws(CoordinatorError) {
        guard now >= earliest else {
            throw .clock("The clock of this machine says \(date(now)), which is long past: set it, then start again.")
        }
        guard let seen = try lastSeen(folder) else { return }
        guard now + tolerance >= seen else {
            throw .clock(
                "The clock of this machine says \(date(now)), but this coordinator ran until \(date(seen)): set the clock, then start "
                    + "again (or remove \(folder.path)/\(file) if the clock is right now).")
        }
        guard now <= seen + longestPause else {
            throw .clock(
                "The clock of this machine says \(date(now)), but this coordinator ran until \(date(seen)): set the clock, then start "
                    + "again (or remove \(folder.path)/\(file) if it is right).")
        }
    }

    /// Notes that this time was seen; an earlier one than before is not noted.
    static func note(_ folder: DataFolder, now: UnixTime) throws(CoordinatorError) {
        if let seen = try lastSeen(folder), seen > now { return }
        try folder.replace(file, with: Array("\(now.seconds)\n".utf8))
    }

    private static func lastSeen(_ folder: DataFolder) throws(CoordinatorError) -> UnixTime? {
        guard let bytes = try folder.read(file, limit: 64) else { return nil }
        let digits = bytes.prefix { $0 != 10 }
        guard let seconds = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
        return UnixTime(seconds: seconds)
    }

    /// "2025-12-09 23:31 UTC"; for people.
    private static func date(_ time: UnixTime) -> String {
        let days = Int64(clamping: time.seconds / 86_400)
        // Civil date from days since 1970 (Hinnant), in years that begin in March.
        let z = days + 719_468
        let era = z / 146_097
        let day = z - era * 146_097
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let inYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * inYear + 2) / 153
        let civil = (year: year + era * 400 + (month < 10 ? 0 : 1), month: month < 10 ? month + 3 : month - 9)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = Int64(clamping: time.seconds % 86_400)
        let dayOfMonth = inYear - (153 * month + 2) / 5 + 1
        return "\(civil.year)-\(two(civil.month))-\(two(dayOfMonth)) \(two(seconds / 3_600)):\(two(seconds / 60 % 60)) UTC"
    }
}
