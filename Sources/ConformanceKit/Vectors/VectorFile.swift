/// A file of vectors as it stands in spec/vectors.
struct VectorFile {
    var description: String
    var kind: String
    var vectors: [Vector]

    struct Vector {
        var id: String
        var clauses: [String]
        var description: String
        var input: VectorValue
        var outcome: VectorKind.Outcome
        /// Where it begins in the file.
        var line: Int
    }

    init(description: String, kind: String, vectors: [Vector]) {
        self.description = description
        self.kind = kind
        self.vectors = vectors
    }

    init(parsing bytes: [UInt8]) throws(VectorFormatError) {
        let value = try VectorParser.parse(bytes)
        do throws(VectorFormatError) { try VectorSchema.vectors.get().check(value) } catch { throw Self.place(error, in: value) }
        var file = try VectorInput(value, line: 1)
        description = try file.text("description")
        kind = try file.text("kind")
        vectors = try file.objects("vectors") { (vector) throws(VectorFormatError) in try Vector(&vector) }
        try file.finish()
        var ids: Set<String> = []
        for vector in vectors where !ids.insert(vector.id).inserted {
            throw VectorFormatError(line: vector.line, "the id \"\(vector.id)\" stands twice")
        }
    }

    /// `error` with the id of the vector in which its line is, where there is one.
    private static func place(_ error: VectorFormatError, in file: VectorValue) -> VectorFormatError {
        let begun = file["vectors"]?.elements.last { $0.fields.first.map { $0.line <= error.line } ?? false }
        return begun?["id"]?.text.map(error.of) ?? error
    }

    /// The text of the file.
    var text: String {
        VectorWriter.text([
            "description": .string(description), "kind": .string(kind), "vectors": .array(vectors.map(\.value)),
        ])
    }
}

extension VectorFile.Vector {
    fileprivate init(_ vector: inout VectorInput) throws(VectorFormatError) {
        line = vector.line
        id = try vector.text("id")
        clauses = try vector.texts("clauses")
        description = try vector.text("description")
        input = try vector.value("input")
        outcome = vector.has("error") ? .error(try vector.text("error")) : .output(try vector.value("output"))
    }

    fileprivate var value: VectorValue {
        var fields: [VectorValue.Field] = [
            .init("id", .string(id)), .init("clauses", .array(clauses.map(VectorValue.string))), .init("description", .string(description)),
            .init("input", input),
        ]
        switch outcome {
        case .output(let output): fields.append(.init("output", output))
        case .error(let name): fields.append(.init("error", .string(name)))
        case .inconsistent: break
        }
        return .object(fields)
    }
}
