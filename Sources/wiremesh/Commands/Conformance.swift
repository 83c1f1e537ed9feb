import ArgumentParser
import HTTPCompat
import NIOCore

/// `wiremesh conformance noise FILE`
struct Conformance: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run public test vectors through this program.", subcommands: [Noise.self])

    struct Noise: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run Noise test vectors, in the JSON format of the cacophony and snow projects.",
            discussion: "Vectors for other curves, ciphers, hashes and patterns than this program has are skipped.")

        @Argument(help: "The file of vectors.", completion: .file())
        var file: String

        @OptionGroup var output: JSONOption

        func run() throws {
            let vectors = try NoiseVectorFile.read(file).vectors
            var passed = 0
            var skipped = 0
            var failures: [(name: String, reason: String)] = []
            for vector in vectors {
                guard let (pattern, suite) = vector.supported else {
                    skipped += 1
                    continue
                }
                do {
                    try NoiseVectorRun.play(vector, pattern: pattern, suite: suite)
                    passed += 1
                } catch {
                    failures.append((vector.fullName, "\(error)"))
                }
            }
            report(passed, failures, skipped)
            if !failures.isEmpty { throw ExitCode.failure }
        }

        private func report(_ passed: Int, _ failures: [(name: String, reason: String)], _ skipped: Int) {
            guard output.json else {
                for failure in failures { Terminal.print(Terminal.plain("FAILED \(failure.name): \(failure.reason)")) }
                return Terminal.print("\(passed) passed, \(failures.count) failed, \(skipped) skipped")
            }
            var json = JSONWriter()
            json.object { json in
                json.field("passed", passed)
                json.field("failed", failures.count)
                json.field("skipped", skipped)
                json.field("failures", array: failures) { json, failure in
                    json.object { json in
                        json.field("vector", failure.name)
                        json.field("reason", failure.reason)
                    }
                }
            }
            Terminal.print(String(buffer: json.buffer))
        }
    }
}
