import Foundation

/// What spec/registry.json says, as far as the tests compare it with the code.
struct Registry: Decodable {
    struct Text: Decodable { var name, text: String }
    struct Code: Decodable {
        var code: Int
        var name: String
    }
    struct Bit: Decodable {
        var bit: Int
        var name: String
    }
    struct Flag: Decodable {
        var bit: Int
        var name: String
        var frames: [String]
    }
    struct Frame: Decodable {
        var code: Int
        var name: String
        var flags: [String]
    }
    struct Failure: Decodable {
        var code: Int
        var name: String
        var status: Int
    }
    struct Suite: Decodable {
        var code: Int
        var name, noise: String
    }
    struct Pattern: Decodable {
        var code: Int
        var name, noise: String
        var clearBytes: Int
        var suites: [Int]
    }
    struct Number: Decodable {
        var name: String
        var value: UInt64
    }
    struct Name: Decodable { var name: String }
    struct Field: Decodable {
        var type: Int
        var name, encoding: String
        var max: Int?
        var presence: String?
    }
    struct Message: Decodable {
        var name, document: String
        var fields: [Field]
    }

    var `protocol`: String
    var strings, domains: [Text]
    var suites: [Suite]
    var patterns: [Pattern]
    var flags: [Flag]
    var frames: [Frame]
    var datagrams: [Code]
    var notProcessedBit: Int
    var errors: [Failure]
    var bits: [String: [Bit]]
    var enums: [String: [Code]]
    var messages: [Message]
    var methods, vectorErrors: [Name]
    var limits, defaults, timers: [Number]

    static func read() throws -> Registry {
        try JSONDecoder().decode(Registry.self, from: Data(contentsOf: SourceTree.here.root.appendingPathComponent("spec/registry.json")))
    }

    func string(_ name: String) -> String? { strings.first { $0.name == name }?.text }
}
