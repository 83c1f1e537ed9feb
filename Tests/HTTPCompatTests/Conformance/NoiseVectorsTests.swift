import Foundation
import HTTPCompat
import Testing
import Wire

/// Vectors made by another Noise library (Tests/Peers/noise_vectors.py).
@Suite struct NoiseVectorsTests {
    @Test func everyVectorOfOurProtocolsPasses() throws {
        let report = try NoiseVectors.run(try Self.file())
        for entry in report.entries {
            if case .failed(let reason) = entry.outcome { Issue.record("\(entry.protocolName): \(reason)") }
        }
        let withAES = report.entries.count { $0.protocolName.contains("AESGCM") }
        #expect(withAES > 30 && report.passed >= withAES)
        if Wire.Suite.aesGCM.isAvailable { #expect(report.skipped == 3) }
        #expect(report.summary == "\(report.entries.count - report.skipped) passed, 0 failed, \(report.skipped) skipped")
        #expect(report.entries.last?.outcome == .skipped("hash BLAKE2s"))
    }

    /// Any bit that another library would send differently is found.
    @Test func alteredVectorsFail() throws {
        let text = String(decoding: try Self.file(), as: UTF8.self)
        let key = /"(?:ciphertext|init_static|resp_ephemeral|handshake_hash|init_prologue)": "([0-9a-f]{4,})"/
        let report = try NoiseVectors.run(
            Array(text.replacing(key) { $0.output.0.dropLast(2) + ($0.output.1.hasSuffix("0") ? "1\"" : "0\"") }.utf8))
        #expect(report.passed == 0)
        #expect(report.failed > 60)
    }

    @Test(arguments: [
        ("", "byte 0"), ("{\"vectors\": [", "line 1"), ("[]", "no array named"), ("{\"vectors\": 1}", "no array named"),
        ("{\"vectors\": [{\"messages\": []}]}", "entry 0"), ("{\"vectors\": [7]}", "entry 0"),
    ])
    func otherFilesAreOneClearError(text: String, part: String) {
        do {
            _ = try NoiseVectors.run(Array(text.utf8))
            Issue.record("taken for vectors: \(text)")
        } catch {
            #expect(error.description.hasPrefix("The file does not hold Noise vectors: ") && error.description.contains(part), "\(error)")
        }
    }

    @Test(arguments: [
        ("\"protocol_name\": \"Noise_XX_25519_ChaChaPoly_SHA256\"", NoiseVectors.Outcome.failed("it has no array named \"messages\"")),
        ("\"name\": \"Noise_XX_448_ChaChaPoly_SHA256\"", .skipped("curve 448")),
        ("\"name\": \"NoisePSK_XX_25519_ChaChaPoly_SHA256\"", .skipped("not the name of a Noise protocol")),
        ("\"name\": \"Noise_XXfallback_25519_ChaChaPoly_SHA256\"", .skipped("pattern XXfallback")),
        ("\"name\": \"Noise_NN_25519_AESSIV_SHA256\"", .skipped("cipher AESSIV")),
        ("\"name\": \"Noise_NN_25519_ChaChaPoly_SHA256\", \"messages\": []", .failed("it ends before the handshake does")),
        ("\"name\": \"Noise_NN_25519_ChaChaPoly_SHA256\", \"init_prologue\": \"xy\"", .failed("init_prologue is not hexadecimal")),
        ("\"name\": \"Noise_NN_25519_ChaChaPoly_SHA256\", \"init_static\": \"00\"", .failed("init_static is not a key")),
        ("\"name\": \"Noise_NK_25519_ChaChaPoly_SHA256\"", .failed("init_remote_static is not a key")),
    ])
    func aVectorThatCannotBeRunSaysWhy(fields: String, outcome: NoiseVectors.Outcome) throws {
        let report = try NoiseVectors.run(Array("{\"vectors\": [{\(fields)}]}".utf8))
        #expect(report.entries.map(\.outcome) == [outcome])
    }

    private static func file() throws -> [UInt8] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appendingPathComponent("Vectors/noise.json")))
    }
}
