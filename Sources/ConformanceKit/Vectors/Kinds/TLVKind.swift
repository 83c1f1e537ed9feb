import Wire

extension VectorKind {
    /// A canonical TLV stream, read with a table of the fields that the reader knows.
    static let tlv = VectorKind("tlv") { (input) throws(VectorFormatError) in
        let stream = try input.hex("stream")
        let known = try input.objects("known") { (field) throws(VectorFormatError) in try TLVForm(&field) }
        return {
            let fields = try stream.decode { (bytes) throws(WireError) in try TLVForm.read(bytes, known) }
            return ["fields": .array(fields)]
        }
    }
}

/// What a reader knows of a type: its form, and whether it must be there.
private struct TLVForm {
    enum Form { case u8, u16, u32, u64, flag, text, name, endpoint, bytes, bytes32, list, stream }

    var type: UInt16
    var form: Form
    /// Bytes of a text, elements of a list.
    var limit: Int
    var isRequired: Bool

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        type = try input.number("type")
        form = try input.choice(
            "form",
            [
                "u8": Form.u8, "u16": .u16, "u32": .u32, "u64": .u64, "flag": .flag, "text": .text, "name": .name, "endpoint": .endpoint,
                "bytes": .bytes, "bytes32": .bytes32, "list": .list, "stream": .stream,
            ])
        limit = try input.optional("limit") { (i) throws(VectorFormatError) in try i.number("limit") } ?? Int(UInt16.max)
        isRequired = try input.optional("required") { (i) throws(VectorFormatError) in try i.flag("required") } ?? false
    }

    static func read(_ bytes: RawSpan, _ known: [TLVForm]) throws(WireError) -> [VectorValue] {
        var fields: [VectorValue] = []
        var seen: Set<UInt16> = []
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            guard let form = known.first(where: { $0.type == field.type }) else {
                try field.skipOrRefuse()
                continue
            }
            seen.insert(field.type)
            fields.append(["type": .number(field.type), "value": try form.value(bytes, field)])
        }
        for form in known where form.isRequired && !seen.contains(form.type) { throw .missing(form.type) }
        return fields
    }

    private func value(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> VectorValue {
        switch form {
        case .u8: .number(try bytes.integer(UInt8.self, field))
        case .u16: .number(try bytes.integer(UInt16.self, field))
        case .u32: .number(try bytes.integer(UInt32.self, field))
        case .u64: .u64(try bytes.integer(UInt64.self, field))
        case .flag: .bool(try bytes.flag(field))
        case .text: .string(try bytes.text(field, limit: limit))
        case .name: .string(try bytes.name(field))
        case .endpoint: .string(try bytes.endpoint(field).description)
        case .bytes: .hex(try bytes.array(field, limit: limit))
        case .bytes32: .string(try bytes.bytes32(field).hex)
        case .list: .array(try Self.elements(bytes, field, limit))
        case .stream: .array(try Self.read(bytes.extracting(field.range), []))
        }
    }

    private static func elements(_ bytes: RawSpan, _ field: TLVField, _ limit: Int) throws(WireError) -> [VectorValue] {
        var list = try bytes.nonEmptyList(field, limit: limit)
        var elements: [VectorValue] = []
        while let range = try list.next(in: bytes) { elements.append(.hex(bytes.extracting(range).array)) }
        return elements
    }
}
