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

    @Test func aLengthOverTheLimitIsRefusedBeforeTheBytesCome() {
        var reader = MessageReader(limit: 8)
        reader.append([0, 0, 0, 9])
        #expect(throws: WireError.oversized) { try reader.next() }
        #expect(throws: WireError.oversized) { try ServiceList([0xFF, 0xFF, 0xFF, 0xFF]) }
    }

    @Test func aSnapshotLargerThanAMessageComesInPieces() throws {
        let records = (0..<3_000).map { WorkerRecord(name: "worker-\($0)") }
        let messages = try WatchEvent.snapshotMessages(revision: 42, records: records.map { try $0.encode() })
        var reader = MessageReader()
        var seen: [WorkerRecord] = []
        var revisions: [UInt64] = []
        for message in messages {
            reader.append(message)
            while let bytes = try reader.next() {
                let event = try WatchEvent(bytes)
                revisions.append(event.revision)
                switch event {
                case .snapshot(_, let records): seen = records
                case .changed(_, let record): seen.append(record)
                case .removed: Issue.record("nothing was removed")
                }
            }
        }
        #expect(seen == records)
        #expect(revisions.last == 42)
        #expect(revisions.dropLast().allSatisfy { $0 == 0 })
    }

    @Test func anEmptySnapshotIsOneMessage() throws {
        let messages = try WatchEvent.snapshotMessages(revision: 5, records: [])
        #expect(messages.count == 1)
        #expect(try WatchEvent(Array(messages[0].dropFirst(4))) == .snapshot(revision: 5, []))
    }
}
