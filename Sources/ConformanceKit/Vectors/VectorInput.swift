import Wire

/// Reads the fields of an object one by one, each as what it must be, and refuses in the end those that nobody asked for.
public struct VectorInput {
    private let fields: [VectorValue.Field]
    let line: Int
    private var used: Set<String> = []

    /// `value` must be an object; `line` is where it stands.
    init(_ value: VectorValue, line: Int) throws(VectorFormatError) {
        guard case .object(let fields) = value else { throw VectorFormatError(line: line, "an object is expected") }
        self.fields = fields
        self.line = fields.first?.line ?? line
    }

    /// Throws for a field that was not read.
    func finish() throws(VectorFormatError) {
        guard let unknown = fields.first(where: { !used.contains($0.name) }) else { return }
        throw VectorFormatError(line: unknown.line, "unknown field \"\(unknown.name)\"")
    }

    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    private mutating func field(_ name: String) throws(VectorFormatError) -> VectorValue.Field {
        used.insert(name)
        guard let field = fields.first(where: { $0.name == name }) else {
            throw VectorFormatError(line: line, "the field \"\(name)\" is missing")
        }
        return field
    }

    private mutating func convert<T>(
        _ name: String, _ what: String, _ body: (VectorValue) -> T?
    ) throws(VectorFormatError) -> T {
        let field = try field(name)
        guard let value = body(field.value) else { throw VectorFormatError(line: field.line, "\"\(name)\" must be \(what)") }
        return value
    }
}

// MARK: - Scalars

extension VectorInput {
    mutating func text(_ name: String) throws(VectorFormatError) -> String { try convert(name, "a string") { $0.text } }

    mutating func flag(_ name: String) throws(VectorFormatError) -> Bool {
        try convert(name, "true or false") { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    /// A whole number of the range of `T`.
    mutating func number<T: FixedWidthInteger>(_ name: String, as: T.Type = T.self) throws(VectorFormatError) -> T {
        try convert(name, "a whole number from \(T.min) to \(T.max)") {
            if case .int(let number) = $0 { T(exactly: number) } else { nil }
        }
    }

    /// A decimal string.
    mutating func u64(_ name: String) throws(VectorFormatError) -> UInt64 {
        try convert(name, "a decimal string") { value in
            guard let text = value.text, let number = UInt64(text), String(number) == text else { return nil }
            return number
        }
    }

    /// Bytes in lower-case hexadecimal; exactly `count` of them if that is given.
    mutating func hex(_ name: String, count: Int? = nil) throws(VectorFormatError) -> [UInt8] {
        let what = count.map { "\($0) bytes in lower-case hexadecimal" } ?? "lower-case hexadecimal"
        return try convert(name, what) { value in
            guard let bytes = Self.bytes(value), count ?? bytes.count == bytes.count else { return nil }
            return bytes
        }
    }

    mutating func bytes32(_ name: String) throws(VectorFormatError) -> Bytes32 {
        Bytes32(try hex(name, count: 32)) ?? Bytes32()
    }

    mutating func secret(_ name: String) throws(VectorFormatError) -> SecretBytes { SecretBytes(try hex(name, count: 32)) }

    /// One of the names of `choices`.
    mutating func choice<T>(_ name: String, _ choices: KeyValuePairs<String, T>) throws(VectorFormatError) -> T {
        try convert(name, "one of " + choices.map(\.key).joined(separator: ", ")) { value in
            choices.first { $0.key == value.text }?.value
        }
    }

    /// An X25519 key pair from its secret.
    mutating func staticKey(_ name: String) throws(VectorFormatError) -> StaticKeyPair {
        let secret = try secret(name)
        return try convert(name, "an X25519 secret") { _ in try? StaticKeyPair(secret: secret) }
    }

    /// An Ed25519 key pair from its seed.
    mutating func identity(_ name: String) throws(VectorFormatError) -> IdentityKeyPair {
        let seed = try secret(name)
        return try convert(name, "an Ed25519 seed") { _ in try? IdentityKeyPair(seed: seed) }
    }

    private static func bytes(_ value: VectorValue) -> [UInt8]? {
        guard let text = value.text, let bytes = [UInt8](hex: text), bytes.hex == text else { return nil }
        return bytes
    }
}

// MARK: - Composites

extension VectorInput {
    /// What `body` makes of the field, where it is there.
    mutating func optional<T>(
        _ name: String, _ body: (inout VectorInput) throws(VectorFormatError) -> T
    ) throws(VectorFormatError) -> T? {
        has(name) ? try body(&self) : nil
    }

    mutating func hexes(_ name: String) throws(VectorFormatError) -> [[UInt8]] {
        try convert(name, "an array of lower-case hexadecimal") { value in
            guard case .array(let elements) = value else { return nil }
            let bytes = elements.compactMap(Self.bytes)
            return bytes.count == elements.count ? bytes : nil
        }
    }

    mutating func texts(_ name: String) throws(VectorFormatError) -> [String] {
        try convert(name, "an array of strings") { value in
            guard case .array(let elements) = value else { return nil }
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        }
    }

    /// An object, whose fields `body` reads.
    mutating func object<T>(
        _ name: String, _ body: (inout VectorInput) throws(VectorFormatError) -> T
    ) throws(VectorFormatError) -> T {
        let field = try field(name)
        var inner = try VectorInput(field.value, line: field.line)
        let result = try body(&inner)
        try inner.finish()
        return result
    }

    /// An array of objects, each of which `body` reads.
    mutating func objects<T>(
        _ name: String, _ body: (inout VectorInput) throws(VectorFormatError) -> T
    ) throws(VectorFormatError) -> [T] {
        let field = try field(name)
        guard case .array(let elements) = field.value else {
            throw VectorFormatError(line: field.line, "\"\(name)\" must be an array of objects")
        }
        var results: [T] = []
        for element in elements {
            var inner = try VectorInput(element, line: field.line)
            results.append(try body(&inner))
            try inner.finish()
        }
        return results
    }

    /// Any value, unread.
    mutating func value(_ name: String) throws(VectorFormatError) -> VectorValue { try field(name).value }
}
