/// Why bytes are not JSON, and where. The messages are those of Python's `json` module, which clients of the replaced
/// system find in the refusal.
public struct JSONError: Error, Hashable, Sendable {
    public var message: String
    /// Offset in bytes of what is wrong.
    public var offset: Int
    /// Line of what is wrong, counted from 1.
    public var line: Int

    init(_ message: String, at offset: Int, in bytes: [UInt8]) {
        self.message = message
        self.offset = offset
        line = 1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String { "not valid JSON: \(message) (line \(line), byte \(offset))" }
}
