/// The vectors of one file before they have been run: the inputs, and what is expected of them.
struct VectorSet: Sendable {
    /// The file's name without ".json".
    var name: String
    var kind: VectorKind
    var description: String
    var cases: [VectorCase]

    /// Runs every case. Throws where the production code gives another error than the case says, or none, or one too many.
    func file() throws -> VectorFile {
        var ids: Set<String> = []
        var vectors: [VectorFile.Vector] = []
        for test in cases {
            guard ids.insert(test.id).inserted else { throw VectorMismatch("\(name): the id \(test.id) stands twice") }
            let outcome = try kind.run(test.input, line: 0)
            switch (outcome, test.error) {
            case (.output, nil): break
            case (.error(let name), let expected?) where name == expected: break
            default: throw VectorMismatch("\(name)/\(test.id): expected \(test.error ?? "an output"), got \(outcome)")
            }
            vectors.append(
                VectorFile.Vector(
                    id: test.id, clauses: test.clauses, description: test.description, input: test.input, outcome: outcome, line: 0))
        }
        return VectorFile(description: description, kind: kind.name, vectors: vectors)
    }
}

/// One vector before it has been run.
struct VectorCase: Sendable {
    var id: String
    var clauses: [String]
    var description: String
    var input: VectorValue
    /// The error that the production code must give; `nil` where it must give an output.
    var error: String?

    init(_ id: String, _ clauses: [String], _ description: String, _ input: VectorValue, error: String? = nil) {
        self.id = id
        self.clauses = clauses
        self.description = description
        self.input = input
        self.error = error
    }
}
