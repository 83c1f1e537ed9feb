import Foundation
import Wire

extension UnixTime {
    /// The wall clock.
    static var current: UnixTime { UnixTime(seconds: UInt64(max(0, Date().timeIntervalSince1970))) }
}
