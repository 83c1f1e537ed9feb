import NIOCore
import Transport
import Wire

/// The fields of a forwarded answer as the client gets them: the service's own, and what the mesh knows about the way:
/// `wiremesh-worker`, `wiremesh-route`, `server-timing`.
struct AnswerFields: Sequence {
    private let head: Head
    private let timing: String

    init(_ head: Head, elapsed: TimeAmount) {
        self.head = head
        timing = Self.timing(elapsed)
    }

    /// The status to answer with: anything but a final HTTP status becomes 502.
    static func status(of head: Head) -> Int { (200...599).contains(head.status) ? Int(head.status) : 502 }  // HTTP-4.1

    /// Milliseconds from the request's head to the answer's.
    static func timing(_ elapsed: TimeAmount) -> String {
        let microseconds = Swift.max(0, elapsed.nanoseconds / 1_000)
        let thousandths = String(microseconds % 1_000)
        return "mesh;dur=\(microseconds / 1_000)." + String(repeating: "0", count: 3 - thousandths.count) + thousandths
    }

    func makeIterator() -> Iterator { Iterator(fields: head.fields.makeIterator(), head: head, timing: timing) }

    struct Iterator: IteratorProtocol {
        var fields: IndexingIterator<[Head.Field]>
        let head: Head
        let timing: String
        var added = 0

        mutating func next() -> (name: String, value: String)? {
            if let field = fields.next() { return (field.name, field.value) }
            added += 1
            switch added {
            case 1: return ("server-timing", timing)
            case 2 where !head.servedBy.isEmpty: return ("wiremesh-worker", head.servedBy)
            default: return nil
            }
        }
    }
}
