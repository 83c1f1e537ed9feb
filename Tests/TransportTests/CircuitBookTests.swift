import Testing
import Transport
import Wire

/// The quotas of a relay.
@Suite struct CircuitBookTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private let a = NodeID(bytes32: 1)
    private let b = NodeID(bytes32: 2)

    // RELAY-4.2
    @Test func eachMemberHasItsCircuits() throws {
        var book = CircuitBook(RelayQuota(circuits: 2))
        try book.open(a, now: start)
        try book.open(a, now: start)
        let error = #expect(throws: CallError.self) { try book.open(a, now: start) }
        #expect(error?.code == .overloaded && error?.retryAfterMilliseconds != nil)
        try book.open(b, now: start)
        book.close(a)
        try book.open(a, now: start)
        #expect(book.circuits == 3)
    }

    // RELAY-4.2
    @Test func theRelayHasItsCircuits() throws {
        var book = CircuitBook(RelayQuota(circuits: .max))
        for _ in 0..<Limits.circuits { try book.open(a, now: start) }
        let error = #expect(throws: CallError.self) { try book.open(b, now: start) }
        #expect(error?.code == .overloaded)
    }

    // RELAY-4.3
    @Test func bandwidthComesBackWithTime() throws {
        var book = CircuitBook(RelayQuota(bandwidth: 1_000_000))
        try book.open(a, now: start)
        #expect(book.charge(a, 900_000, now: start) == .zero)
        let wait = book.charge(a, 600_000, now: start)
        #expect(wait > .milliseconds(499) && wait < .milliseconds(501))
        #expect(throws: CallError.self) { try book.open(a, now: start + .milliseconds(400)) }
        // Another member does not wait.
        #expect(book.charge(b, 900_000, now: start) == .zero)
        #expect(book.charge(a, 10, now: start + wait + .milliseconds(1)) == .zero)
        try book.open(a, now: start + .seconds(1))
        // A long rest is worth a second.
        #expect(book.charge(a, 999_000, now: start + .seconds(1_000)) == .zero)
        #expect(book.charge(a, 2_000, now: start + .seconds(1_000)) > .zero)
    }
}
