import Testing
import Wire

@Suite struct MessageSequenceTests {
    @Test func aStreamIsCutAtEveryPossiblePlace() throws {
        let messages: [[UInt8]] = [[1, 2, 3], [], [4], [UInt8](repeating: 5, count: 300)]
        var stream: [UInt8] = []
        for message in messages { try MessageSequence.append(message, to: &stream) }
        for step in 1...stream.count {
            var reader = MessageReader()
            var read: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: step) {
                reader.append(stream[start..<min(start + step, stream.count)])
                while let message = try reader.next() { read.append(message) }
            }
            #expect(read == messages)
            #expect(reader.isAtBoundary)
        }
    }

    @Test func aStreamThatEndsInsideAMessageIsNotAtABoundary() throws {
        var reader = MessageReader()
        reader.append([0, 0, 0, 2, 1])
        #expect(try reader.next() == nil)
        #expect(!reader.isAtBoundary)
    }

    // CONV-3.7, MSG-1.2
    @Test func aLengthOverTheLimitIsRefusedBeforeTheBytesCome() {
        var reader = MessageReader(limit: 8)
        reader.append([0, 0, 0, 9])
        #expect(throws: WireError.oversized) { try reader.next() }
        #expect(throws: WireError.oversized) { try ServiceList([0xFF, 0xFF, 0xFF, 0xFF]) }
    }

    @Test func aSnapshotHoldsWhatOneValueHolds() throws {
        let record = try WorkerRecord(name: "w").encode()
        let fits = [[UInt8]](repeating: record, count: 65_535 / (record.count + 2))
        let message = try WatchEvent.encodeSnapshot(revision: 5, records: fits)
        #expect(try WatchEvent(message) == .snapshot(revision: 5, fits.map { try WorkerRecord($0) }))
        #expect(throws: WireError.oversized) { try WatchEvent.encodeSnapshot(revision: 5, records: fits + [record]) }
    }
}
