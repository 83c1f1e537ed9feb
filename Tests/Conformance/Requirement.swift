import Foundation

/// One numbered paragraph of the specification.
struct Requirement: Hashable {
    var id: String
    /// MUST, SHOULD or MAY, without NOT.
    var strength: String
    /// "spec/04-handshake.md:31".
    var place: String

    /// The words of RFC 2119 in a paragraph, each without NOT.
    static func words(_ paragraph: String) -> [String] {
        paragraph.matches(of: /\b(MUST|SHOULD|MAY)\b(?: NOT\b)?/).map { String($0.1) }
    }
}

/// Files of the repository, from its root.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Path and text of every file below `folder` with one of these extensions.
    static func files(_ folder: String, _ extensions: Set<String>) throws -> [(path: String, text: String)] {
        let base = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var found: [(path: String, text: String)] = []
        for case let name as String in walk where extensions.contains((name as NSString).pathExtension) {
            guard !name.contains(".build"), !name.contains(".venv"), !name.contains("build/lib") else { continue }
            found.append((folder + "/" + name, try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)))
        }
        return found.sorted { $0.path < $1.path }
    }
}

/// The text: its requirements, and what is wrong with how it is written.
struct Text {
    var requirements: [Requirement] = []
    var faults: [String] = []

    /// Documents with requirements: those with a number.
    init() throws {
        for (path, text) in try Repository.files("spec", ["md"]) where path.firstMatch(of: #/^spec/[0-9]{2}[-]/#) != nil {
            var line = 1
            for paragraph in text.components(separatedBy: "\n\n") {
                read(paragraph, "\(path):\(line)", isAboutWords: path == "spec/01-conventions.md" && line < 12)
                line += paragraph.count { $0 == "\n" } + 2
            }
        }
        for (id, same) in Dictionary(grouping: requirements, by: \.id) where same.count > 1 {
            faults.append("\(id) stands at \(same.map(\.place).joined(separator: " and "))")
        }
    }

    private mutating func read(_ paragraph: String, _ place: String, isAboutWords: Bool) {
        let words = Requirement.words(paragraph)
        let start = paragraph.drop { $0 == "\n" }
        guard let id = start.prefixMatch(of: #/([A-Z]+[0-9]?-\d+\.\d+)\s/#)?.1 else {
            if !words.isEmpty, !isAboutWords { faults.append("\(place) says \(words[0]) without an id") }
            return
        }
        if words.count != 1 { faults.append("\(place): \(id) has \(words.count) of MUST, SHOULD and MAY instead of one") }
        requirements.append(Requirement(id: String(id), strength: words.first ?? "", place: place))
    }
}

/// Where ids stand.
struct Tags {
    /// By id: the places.
    private(set) var places: [String: [String]] = [:]

    /// The prefixes of ids, and one that there was once, so that nobody goes on with it.
    private static let prefixes: Set<Substring> = [
        "CONV", "ID", "TOKEN", "HS", "REC", "FRAME", "FLOW", "CALL", "LZ4", "MSG", "RELAY", "DGRAM", "DHT", "HTTP", "SEC", "REG", "WIRE",
    ]

    subscript(id: String) -> [String] { places[id] ?? [] }

    /// What names its clauses without a text around them.
    mutating func add(_ ids: [String], _ place: String) {
        for id in ids { places[id, default: []].append(place) }
    }

    /// Finds `PREFIX-digits.digits` as a word. By hand: a regular expression takes a minute for all files.
    mutating func read(_ path: String, _ text: String) {
        var line = 1
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            guard bytes[index] == UInt8(ascii: "-"), let range = Self.id(in: bytes, around: index) else { continue }
            places[String(decoding: bytes[range], as: UTF8.self), default: []].append("\(path):\(line)")
        }
    }

    private static func id(in bytes: [UInt8], around hyphen: Int) -> Range<Int>? {
        var start = hyphen
        while start > 0, isUpper(bytes[start - 1]) || isDigit(bytes[start - 1]) { start -= 1 }
        guard start < hyphen, start == 0 || !isWord(bytes[start - 1]),
            prefixes.contains(Substring(decoding: bytes[start..<hyphen], as: UTF8.self)),
            let point = afterDigits(bytes, hyphen + 1), point < bytes.count, bytes[point] == UInt8(ascii: "."),
            let end = afterDigits(bytes, point + 1), end == bytes.count || !isWord(bytes[end])
        else { return nil }
        return start..<end
    }

    /// The place behind one digit or more.
    private static func afterDigits(_ bytes: [UInt8], _ start: Int) -> Int? {
        var end = start
        while end < bytes.count, isDigit(bytes[end]) { end += 1 }
        return end > start ? end : nil
    }

    private static func isUpper(_ byte: UInt8) -> Bool { 65...90 ~= byte }
    private static func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }
    private static func isWord(_ byte: UInt8) -> Bool { isUpper(byte) || isDigit(byte) || 97...122 ~= byte || byte == 95 }
}

/// The table of spec/exceptions.md: what a clause lacks, and why.
struct Exceptions {
    var lacks: [String: Set<String>] = [:]
    var faults: [String] = []

    init() throws {
        let text = try String(contentsOf: Repository.root.appendingPathComponent("spec/exceptions.md"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            guard let row = line.wholeMatch(of: /\| ([A-Z]+[0-9]?-\d+\.\d+) \| (code|test|code and test) \| (.*) \|/) else { continue }
            lacks[String(row.1)] = Set(row.2.split(separator: " and ").map(String.init))
            if row.3.count < 20 { faults.append("\(row.1) is excepted without a reason") }
        }
    }
}
