/// Why a file is not one of vectors, and on which line.
public struct VectorFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var reason: String

    public init(line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    public var description: String { "line \(line): \(reason)" }

    /// The same, with the id of the vector in which it is.
    func of(_ id: String) -> VectorFormatError { VectorFormatError(line: line, "the vector \"\(id)\": \(reason)") }
}

/// Reads the JSON of a vector file and remembers the line of each field. Refuses what such a file never holds: null,
/// fractions, a field twice, nesting deeper than `maximumDepth`.
struct VectorParser {
    /// A vector file is about ten deep; the parser recurses.
    static let maximumDepth = 32

    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1

    static func parse(_ bytes: [UInt8]) throws(VectorFormatError) -> VectorValue {
        var parser = VectorParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.offset == bytes.count else { throw parser.error("something follows the end of the file's object") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func error(_ reason: String) -> VectorFormatError { VectorFormatError(line: line, reason) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            if byte == 0x0A { line += 1 }
            offset += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        let isThere = word.withUTF8Buffer { bytes[offset...].starts(with: $0) }
        if isThere { offset += word.utf8CodeUnitCount }
        return isThere
    }

    private mutating func value(depth: Int) throws(VectorFormatError) -> VectorValue {
        guard depth < Self.maximumDepth else { throw error("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where take(word: "true"): return true
        case UInt8(ascii: "f") where take(word: "false"): return false
        default: return .int(try integer())
        }
    }

    private mutating func object(depth: Int) throws(VectorFormatError) -> VectorValue {
        offset += 1
        var fields: [VectorValue.Field] = []
        var names: Set<String> = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let start = line
            guard next == UInt8(ascii: "\"") else { throw error("a field's name is expected") }
            let name = try string()
            guard names.insert(name).inserted else { throw error("the field \"\(name)\" stands twice") }
            guard take(":") else { throw error("a colon is expected behind \"\(name)\"") }
            fields.append(VectorValue.Field(name, try value(depth: depth + 1), line: start))
        } while take(",")
        guard take("}") else { throw error("a comma or the end of an object is expected") }
        return .object(fields)
    }

    private mutating func array(depth: Int) throws(VectorFormatError) -> VectorValue {
        offset += 1
        var elements: [VectorValue] = []
        if take("]") { return .array([]) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw error("a comma or the end of an array is expected") }
        return .array(elements)
    }

    private mutating func integer() throws(VectorFormatError) -> Int {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let number = Int(text), String(number) == text, next.map({ !".eE".utf8.contains($0) }) ?? true else {
            throw error("a string, a whole number, true, false, an array or an object is expected")
        }
        return number
    }

    private mutating func string() throws(VectorFormatError) -> String {
        offset += 1
        var units: [UInt16] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20, byte < 0x80 else { throw error("a character that is not ASCII: write it as \\u and four digits") }
            offset += 1
            units.append(byte == UInt8(ascii: "\\") ? try escape() : UInt16(byte))
        }
        guard next != nil else { throw error("a string without an end") }
        offset += 1
        guard let text = String(validating: units, as: UTF16.self) else { throw error("half of a surrogate pair") }
        return text
    }

    private mutating func escape() throws(VectorFormatError) -> UInt16 {
        guard let byte = next else { throw error("a string without an end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(byte)
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            let digits = String(decoding: bytes[offset...].prefix(4), as: UTF8.self)
            guard digits.utf8.count == 4, digits.first != "+", let unit = UInt16(digits, radix: 16) else {
                throw error("four hexadecimal digits are expected behind \\u")
            }
            offset += 4
            return unit
        default: throw error("an escape that JSON does not have")
        }
    }
}
