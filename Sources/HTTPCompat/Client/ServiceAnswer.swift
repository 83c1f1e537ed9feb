internal import AsyncHTTPClient
public import NIOCore
public import Wire

/// What a service answered, its body as it comes.
public struct ServiceAnswer: Sendable {
    public var status: Int
    /// Header fields in order, names in lower case.
    public var fields: [Head.Field]
    /// Read once. It throws where the answer breaks off: what came until then is not whole.
    public var body: Body

    /// The first value of the field `name` (lower case).
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The parts of a body in order.
    public struct Body: AsyncSequence, Sendable {
        public typealias Element = ByteBuffer
        let base: HTTPClientResponse.Body

        public func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator()) }

        public struct Iterator: AsyncIteratorProtocol {
            var base: HTTPClientResponse.Body.AsyncIterator

            public mutating func next() async throws -> ByteBuffer? { try await base.next() }
        }
    }
}
