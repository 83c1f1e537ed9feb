import Foundation

/// What of a file may name a clause: the rest of it is blank, so that a place keeps its line.
enum Mentions {
    /// Comments of Swift that belong to code: on the same line, or on the lines above it without a gap. A comment about a file, a
    /// section or nothing is none, and neither is a string.
    static func attached(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.map { index in
            guard let comment = lines[index].firstRange(of: "//") else { return "" }
            let isAlone = lines[index][..<comment.lowerBound].allSatisfy { $0 == " " }
            return isAlone && !isAboveCode(lines, index) ? "" : String(lines[index][comment.lowerBound...])
        }
        .joined(separator: "\n")
    }

    private static func isAboveCode(_ lines: [Substring], _ index: Int) -> Bool {
        guard let next = lines[index...].lazy.map({ $0.drop { $0 == " " } }).first(where: { !$0.hasPrefix("//") }),
            let first = next.first
        else { return false }
        return !"})]".contains(first) && !lines[index].contains("// MARK:")
    }

    /// The test functions of Swift, with their attributes and the comments above them.
    static func tests(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var isOfTest = [Bool](repeating: false, count: lines.count)
        for start in lines.indices where lines[start].drop(while: { $0 == " " }).hasPrefix("@Test") {
            var first = start
            while first > 0, let mark = lines[first - 1].first(where: { $0 != " " }), mark == "@" || isComment(lines[first - 1]) {
                first -= 1
            }
            for index in first...end(of: start, lines) { isOfTest[index] = true }
        }
        return zip(lines, isOfTest).map { $1 ? String($0) : "" }.joined(separator: "\n")
    }

    /// The last line of the function whose attributes begin at `start`.
    private static func end(of start: Int, _ lines: [Substring]) -> Int {
        let indent = lines[start].prefix { $0 == " " }
        guard let function = lines[start...].firstIndex(where: { $0.contains("func ") }) else { return start }
        if lines[function].hasSuffix("}"), lines[function].count(where: { $0 == "{" }) == lines[function].count(where: { $0 == "}" }) {
            return function
        }
        return lines[function...].firstIndex { $0 == indent + "}" } ?? start
    }

    private static func isComment(_ line: Substring) -> Bool { line.drop { $0 == " " }.hasPrefix("//") }

    /// The `clauses` of a file of vectors, with the ids of those that name them.
    static func vectors(_ bytes: Data) throws -> [(id: String, clauses: [String])] {
        struct File: Decodable {
            struct Vector: Decodable { var id: String, clauses: [String] }
            var vectors: [Vector]
        }
        return try JSONDecoder().decode(File.self, from: bytes).vectors.map { ($0.id, $0.clauses) }
    }
}
