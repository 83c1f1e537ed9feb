import Foundation
import NIOCore
public import Wire

extension Instant {
    /// The monotonic clock of the shells.
    public static func now() -> Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }
}

extension TimeAmount {
    /// A wait for `duration`, clamped to what NIO can say.
    package init(_ duration: Duration) { self = .nanoseconds(Int64(clamping: duration.wholeNanoseconds)) }
}

extension UnixTime {
    /// The wall clock of the shells.
    public static func wallClock() -> UnixTime { UnixTime(seconds: UInt64(max(0, Date().timeIntervalSince1970))) }
}

extension SystemRandom {
    /// A random word, for jitter.
    package static func word() -> UInt64 { UInt64.random(in: .min ... .max) }
}
