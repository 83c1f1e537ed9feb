import ArgumentParser
import ConformanceKit
import Foundation

extension Conformance {
    /// `wiremesh conformance vectors …`
    struct Vectors: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the test vectors of the specification, or hold this program to them.",
            subcommands: [Generate.self, Check.self])

        /// `wiremesh conformance vectors generate DIR`
        struct Generate: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Write every file of vectors into a folder.",
                discussion: "The files follow from this program alone: the same version writes the same bytes.")

            @Argument(help: "The folder, which must be there.", completion: .directory)
            var folder: String

            func run() throws {
                let files: [(name: String, text: String)]
                do {
                    files = try VectorSuite.generate()
                } catch {
                    throw Failure.failed("This program does not give what its vectors are for (\(error)): report this as a bug.")
                }
                for file in files {
                    let path = URL(filePath: folder).appending(path: file.name)
                    do {
                        try Data(file.text.utf8).write(to: path, options: .atomic)
                    } catch {
                        throw Failure.usage("\(path.path) cannot be written: give a folder that is there and writable.")
                    }
                }
            }
        }

        /// `wiremesh conformance vectors check PATH…`
        struct Check: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Run the vectors of files, or of all .json files of folders, through this program.",
                discussion: """
                    A schema.json among them is skipped. Exits 1 where a vector fails, 2 where a file is not one of vectors, and 127 where \
                    all of them need AES, which this machine lacks.
                    """)

            @Argument(help: "Files and folders.", completion: .file(extensions: ["json"]))
            var paths: [String]

            func run() throws {
                var report = VectorSuite.Report()
                for file in try paths.flatMap(Self.files) {
                    if URL(filePath: file).lastPathComponent == Self.schema {
                        Terminal.note(Terminal.plain("\(file) is the schema of the vectors and none of them: skipped."))
                        continue
                    }
                    let one: VectorSuite.Report
                    guard let bytes = FileManager.default.contents(atPath: file) else {
                        throw Failure.usage("\(file) cannot be read: check the path and its mode.")
                    }
                    do {
                        one = try VectorSuite.check(Array(bytes))
                    } catch {
                        throw Failure.usage("\(file):\(error.line): \(error.reason): give files as spec/vectors/README.md describes them.")
                    }
                    for failure in one.failures { Terminal.print(Terminal.plain("FAILED \(file): \(failure)")) }
                    report.add(one)
                }
                Terminal.print(report.summary)
                if !report.failures.isEmpty { throw ExitCode.failure }
                if report.passed == 0, report.skipped > 0 { throw ExitCode(127) }
            }

            /// Lies beside the vectors, where a shell's `*.json` finds it as well.
            private static let schema = "schema.json"

            private static func files(_ path: String) throws -> [String] {
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return [path] }
                let names = try FileManager.default.contentsOfDirectory(atPath: path)
                return names.filter { $0.hasSuffix(".json") && $0 != schema }.sorted().map { path + "/" + $0 }
            }
        }
    }
}
