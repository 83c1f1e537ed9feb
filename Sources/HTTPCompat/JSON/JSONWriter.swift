package import NIOCore
internal import Wire

/// Writes JSON into a buffer, piece by piece, in the order of its calls: no tree, no reflection.
///
/// The caller keeps objects and arrays in order; the writer sets commas and escapes strings. Its output is always what
/// RFC 8259 calls a JSON text, provided that each object got fields and each array got values.
package struct JSONWriter {
    /// What has been written so far.
    package private(set) var buffer: ByteBuffer
    /// Whether a comma stands before the next value or name.
    private var needsComma = false

    /// - Parameter capacity: bytes to reserve.
    package init(capacity: Int = 256) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Writes one object; `fields` writes its members.
    package mutating func object<E>(_ fields: (inout JSONWriter) throws(E) -> Void) throws(E) {
        open(UInt8(ascii: "{"))
        try fields(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes the beginning of an object with some of its members; `endObject` must follow. For an object that is kept half done.
    package mutating func beginObject(_ fields: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        fields(&self)
    }

    /// Writes the rest of an object.
    package mutating func endObject(_ fields: (inout JSONWriter) -> Void) {
        fields(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes one array; `element` writes the value of each item.
    package mutating func array<S: Sequence>(_ items: S, _ element: (inout JSONWriter, S.Element) -> Void) {
        open(UInt8(ascii: "["))
        for item in items { element(&self, item) }
        close(UInt8(ascii: "]"))
    }

    /// Writes the name of a member; its value must follow.
    package mutating func name(_ name: String) {
        separate()
        writeQuoted(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a name that is known to need no escape; its value must follow.
    @inline(__always)
    package mutating func name(_ name: StaticString) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    /// Writes one member.
    package mutating func field(_ name: StaticString, _ value: some JSONWritable) {
        self.name(name)
        value.write(to: &self)
    }

    /// Writes one member, null if there is no value.
    package mutating func field(_ name: StaticString, _ value: (some JSONWritable)?) {
        self.name(name)
        if let value { value.write(to: &self) } else { null() }
    }

    /// Writes one member that is an object.
    package mutating func field<E>(_ name: StaticString, object fields: (inout JSONWriter) throws(E) -> Void) throws(E) {
        self.name(name)
        try object(fields)
    }

    /// Writes one member that is an array.
    package mutating func field<S: Sequence>(
        _ name: StaticString, array items: S, _ element: (inout JSONWriter, S.Element) -> Void
    ) {
        self.name(name)
        array(items, element)
    }

    /// Writes null.
    package mutating func null() { raw("null") }

    /// Writes a string.
    package mutating func string(_ text: String) {
        separate()
        writeQuoted(text)
    }

    /// Writes a fragment that is already JSON.
    package mutating func raw(_ json: String) {
        separate()
        buffer.writeString(json)
    }

    /// Writes a fragment that is already JSON.
    package mutating func raw(_ json: ByteBuffer) {
        separate()
        buffer.writeImmutableBuffer(json)
    }
}

extension JSONWriter {
    private mutating func open(_ bracket: UInt8) {
        separate()
        buffer.writeInteger(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        buffer.writeInteger(bracket)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func writeQuoted(_ text: String) {
        buffer.writeInteger(UInt8(ascii: "\""))
        let written: Void? = text.utf8.withContiguousStorageIfAvailable { writeEscaped($0) }
        if written == nil { Array(text.utf8).withUnsafeBufferPointer { writeEscaped($0) } }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Copies runs that need no escape at once; only `"`, `\` and control characters need one.
    private mutating func writeEscaped(_ bytes: UnsafeBufferPointer<UInt8>) {
        var run = 0
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[run..<index]))
            writeEscape(byte)
            run = index + 1
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[run...]))
    }

    private mutating func writeEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case 0x08: buffer.writeStaticString("\\b")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0C: buffer.writeStaticString("\\f")
        case 0x0D: buffer.writeStaticString("\\r")
        default:
            buffer.writeStaticString("\\u00")
            buffer.writeBytes([byte].hex.utf8)
        }
    }
}
