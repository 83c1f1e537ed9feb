import Wire

/// Messages of the registry: each with all fields and with few, and each field missing, twice, too short, too long, out of range.
enum MessageSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(
                name: "messages", kind: .message, description: "Messages of the registry, and every field of them gone wrong.",
                cases: try MessageForm.all().flatMap(mechanical)),
            VectorSet(
                name: "messages-dht", kind: .message, description: "Messages of the DHT, and every field of them gone wrong.",
                cases: try MessageForm.dht().flatMap(mechanical)),
            VectorSet(
                name: "messages-special", kind: .message,
                description: "Lists within messages, events of a watch, sequences: what the tables do not tell.", cases: try special()),
            VectorSet(
                name: "sequences", kind: .sequence, description: "Bodies that come in pieces, cut into messages.", cases: sequences()),
        ]
    }

    static func vector(_ message: String, _ bytes: [UInt8]) -> VectorValue { ["message": .string(message), "bytes": .hex(bytes)] }

    private static func mechanical(_ form: MessageForm) -> [VectorCase] {
        let name = form.message
        let fields = TLVBytes.split(form.sample)
        var cases: [VectorCase] = []
        func add(_ id: String, _ clauses: [String], _ text: String, _ bytes: [UInt8], _ error: String? = nil) {
            cases.append(VectorCase("\(name)-\(id)", clauses, "\(name): \(text)", vector(name, bytes), error: error))
        }
        add("full", Clauses.tlv, "every field", form.sample)
        let required = fields.filter { field in form.fields.contains { $0.type == field.type && $0.isRequired } }
        if required.count < fields.count { add("bare", Clauses.tlv, "no field that may be absent", TLVBytes.join(required)) }
        add("odd", Clauses.tlvOdd, "an unknown odd field at the end is skipped", form.sample + TLVBytes.field(0x7FFF, [1, 2]))
        add("even", Clauses.tlvEven, "an unknown even field", form.sample + TLVBytes.field(0x7FFE, []), "unknown-critical")
        add("even-first", Clauses.tlvEven, "the unknown type 0 first", TLVBytes.field(0, []) + form.sample, "unknown-critical")
        add("cut", Clauses.tlvCut, "the last byte is not there", Array(form.sample.dropLast()), "truncated")
        add("trailing", Clauses.tlvCut, "a byte behind the end", form.sample + [0], "truncated")
        if fields.count > 1 {
            var swapped = fields
            swapped.swapAt(0, 1)
            add("order", Clauses.tlvOrder, "the first two fields are swapped", TLVBytes.join(swapped), "unordered")
        }
        for field in form.fields {
            guard let index = fields.firstIndex(where: { $0.type == field.type }) else { continue }
            func changed(_ body: (inout [(type: UInt16, value: [UInt8])]) -> Void) -> [UInt8] {
                var copy = fields
                body(&copy)
                return TLVBytes.join(copy)
            }
            add(
                "no-\(field.name)", field.isRequired ? Clauses.tlvMissing : Clauses.tlv, "without \(field.name)",
                changed { $0.remove(at: index) },
                field.isRequired ? "missing" : nil)
            add(
                "twice-\(field.name)", Clauses.tlvOrder, "\(field.name) stands twice", changed { $0.insert($0[index], at: index) },
                "unordered")
            for mistake in field.form.mistakes {
                add(
                    "\(field.name)-\(mistake.id)", field.form.clauses(mistake), "\(field.name) has \(mistake.text)",
                    changed { $0[index].value = mistake.value },
                    mistake.error)
            }
        }
        return cases
    }
}
