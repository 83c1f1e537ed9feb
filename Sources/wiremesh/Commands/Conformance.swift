import ArgumentParser
import Foundation
import HTTPCompat
import NIOCore

/// `wiremesh conformance`
struct Conformance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Test implementations of the protocol, and public its vectors.",
        subcommands: [ConformanceRun.self, Noise.self, Vectors.self])

    /// `wiremesh conformance noise FILE`
    struct Noise: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run Noise test vectors, in the JSON format of the cacophony and snow projects.",
            discussion: "Vectors for other curves, ciphers, hashes and patterns than this program has are skipped. Exits 1 on a failure.")

        @Argument(help: "The file of vectors.", completion: .file())
        var file: String

        @OptionGroup var output: JSONOption

        func run() throws {
            guard let bytes = FileManager.default.contents(atPath: file) else {
                throw Failure.usage("\(file) cannot be read: check the path and its mode.")
            }
            let report: NoiseVectors.Report
            do {
                report = try NoiseVectors.run(Array(bytes))
            } catch {
                throw Failure.usage("\(file): \(error)")
            }
            Terminal.print(output.json ? Self.json(report) : Self.text(report))
            if report.failed > 0 { throw ExitCode.failure }
        }

        private static func text(_ report: NoiseVectors.Report) -> String {
            var lines: [String] = []
            for entry in report.entries {
                if case .failed(let reason) = entry.outcome { lines.append(Terminal.plain("FAILED \(entry.protocolName): \(reason)")) }
            }
            return (lines + [report.summary]).joined(separator: "\n")
        }

        private static func json(_ report: NoiseVectors.Report) -> String {
            var json = JSONWriter()
            json.object { json in
                json.field("passed", report.passed)
                json.field("failed", report.failed)
                json.field("skipped", report.skipped)
                json.field("vectors", array: report.entries) { json, entry in
                    json.object { json in
                        json.field("protocol", entry.protocolName)
                        switch entry.outcome {
                        case .passed: json.field("outcome", "passed")
                        case .failed(let reason):
                            json.field("outcome", "failed")
                            json.field("reason", reason)
                        case .skipped(let reason):
                            json.field("outcome", "skipped")
                            json.field("reason", reason)
                        }
                    }
                }
            }
            return String(buffer: json.buffer)
        }
    }
}
