/// Runs Noise test vectors in the JSON format that the cacophony and snow projects share against this program's engine.
public enum NoiseVectors {
    /// What became of the vectors of a file, in its order.
    public struct Report: Sendable {
        /// A vector and what became of it.
        public struct Entry: Sendable {
            public var protocolName: String
            public var outcome: Outcome
        }

        /// One for each vector of the file.
        public var entries: [Entry] = []

        /// How many vectors have the outcome that `predicate` asks for.
        private func count(_ predicate: (Outcome) -> Bool) -> Int { entries.count { predicate($0.outcome) } }

        /// Vectors that came out byte for byte.
        public var passed: Int { count { $0 == .passed } }
        /// Vectors that did not.
        public var failed: Int { count { if case .failed = $0 { true } else { false } } }
        /// Vectors of protocols that this program does not speak.
        public var skipped: Int { count { if case .skipped = $0 { true } else { false } } }
        /// "N passed, N failed, N skipped".
        public var summary: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }
    }

    /// What became of one vector.
    public enum Outcome: Hashable, Sendable {
        case passed
        /// With the reason.
        case failed(String)
        /// With what of its protocol this program does not speak.
        case skipped(String)
    }

    /// Why a file holds no vectors.
    public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    /// Runs every vector of `file`, the bytes of a JSON document with an array "vectors".
    public static func run(_ file: [UInt8]) throws(FileError) -> Report {
        let document: JSONValue
        do {
            document = try JSONParser.parse(file)
        } catch {
            throw FileError(description: "The file does not hold Noise vectors: \(error).")
        }
        guard let vectors = document["vectors"]?.elements else {
            throw FileError(description: "The file does not hold Noise vectors: it has no array named \"vectors\".")
        }
        var report = Report()
        for (index, json) in vectors.enumerated() {
            guard let name = (json["protocol_name"] ?? json["name"])?.text else {
                throw FileError(
                    description: "The file does not hold Noise vectors: entry \(index) of \"vectors\" has no \"protocol_name\".")
            }
            report.entries.append(Report.Entry(protocolName: name, outcome: outcome(of: json, named: name)))
        }
        return report
    }

    private static func outcome(of json: JSONValue, named name: String) -> Outcome {
        do throws(Outcome) {
            return try NoiseVector(json, name: name).run()
        } catch {
            return error
        }
    }
}

/// Thrown where a vector's own fields already decide what becomes of it.
extension NoiseVectors.Outcome: Error {}
