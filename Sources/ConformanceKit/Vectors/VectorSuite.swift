import Wire

/// The vectors of spec/vectors: writes them, and holds this program to them.
public enum VectorSuite {
    /// The name and the text of every file, made by the production code. Throws where it does not give what a vector is for.
    public static func generate() throws -> [(name: String, text: String)] {
        try VectorSets.all().map { ($0.name + ".json", try $0.file().text) }
    }

    /// What came of the vectors of a file.
    public struct Report: Sendable {
        public var passed = 0
        /// How many of those that passed expect an error.
        public var negative = 0
        /// One line for each vector that failed.
        public var failures: [String] = []
        /// Vectors for a cipher that this machine does not have.
        public var skipped = 0

        public init() {}

        /// "12 passed, 0 failed", and what was skipped, if anything was.
        public var summary: String {
            "\(passed) passed, \(failures.count) failed" + (skipped > 0 ? ", \(skipped) skipped: no AES in this machine's hardware" : "")
        }

        /// Counts what came of another file in.
        public mutating func add(_ other: Report) {
            passed += other.passed
            negative += other.negative
            failures += other.failures
            skipped += other.skipped
        }
    }

    /// Runs every vector of a file. Throws where the file is not one of vectors as schema.json describes them.
    public static func check(_ bytes: [UInt8]) throws(VectorFormatError) -> Report {
        let file = try VectorFile(parsing: bytes)
        guard let kind = VectorSets.kinds.first(where: { $0.name == file.kind }) else {
            throw VectorFormatError(line: 1, "unknown kind \"\(file.kind)\"")
        }
        var report = Report()
        for vector in file.vectors {
            let outcome: VectorKind.Outcome
            do throws(VectorFormatError) { outcome = try kind.run(vector.input, line: vector.line) } catch { throw error.of(vector.id) }
            if outcome == vector.outcome {
                report.passed += 1
                if case .error = outcome { report.negative += 1 }
            } else if !Suite.aesGCM.isAvailable, vector.input["suite"]?.text == Suite.aesGCM.noiseName {
                report.skipped += 1
            } else {
                report.failures.append("\(vector.id): line \(vector.line): expected \(vector.outcome.text), got \(outcome.text)")
            }
        }
        return report
    }
}

extension VectorKind.Outcome {
    /// For people: the name of an error, the beginning of an output.
    fileprivate var text: String {
        switch self {
        case .error(let name): "the error " + name
        case .inconsistent(let reason): "two results that differ: " + reason
        case .output(let output):
            "the output "
                + VectorWriter.text(output).split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ").prefix(200)
        }
    }
}
