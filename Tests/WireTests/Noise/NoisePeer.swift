import Foundation
import Testing
import Wire

/// Tests/Peers/noise_peer.py in a process of its own: the independent library at the other end of two pipes.
final class NoisePeer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What the peer is to be; see the script.
    struct Script: Encodable {
        var mode = "noise"
        var role: String
        var name: String
        var prologue = ""
        var `static`: String?
        var remoteStatic: String?
        var psks: [String] = []
        var rekey = 0
        var suite: UInt8 = 1
        var pattern: UInt8 = 1
        var clear = ""
        var mesh = ""
        var certificate = ""
        var epoch: UInt64 = 0
    }

    init(_ script: Script) throws {
        let python = Self.root.appendingPathComponent(".venv/bin/python")
        try #require(FileManager.default.isExecutableFile(atPath: python.path), "run scripts/test-venv first")
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        process.executableURL = python
        process.arguments = [
            Self.root.appendingPathComponent("Tests/Peers/noise_peer.py").path,
            String(decoding: try encoder.encode(script), as: UTF8.self),
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    func send(_ bytes: [UInt8]) throws { try input.fileHandleForWriting.write(contentsOf: bytes) }

    /// A message behind its u16 length.
    func sendFramed(_ message: [UInt8]) throws { try send([UInt8(message.count >> 8), UInt8(message.count & 255)] + message) }

    /// Exactly `count` bytes.
    func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = try output.fileHandleForReading.read(upToCount: count - bytes.count), !more.isEmpty else {
                throw WireError.truncated
            }
            bytes += more
        }
        return bytes
    }

    func takeFramed() throws -> [UInt8] {
        let length = try take(2)
        return try take(Int(length[0]) << 8 | Int(length[1]))
    }
}
