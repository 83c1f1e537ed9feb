/// Just enough of Swift's grammar to tell code from comments and strings, and to find where a function ends.
enum SwiftText {
    /// The text with every comment and every character inside a string literal replaced by a space; line breaks stay.
    static func withoutCommentsAndStrings(_ text: String) -> String {
        var scanner = Scanner(Array(text.utf8))
        scanner.run()
        return String(decoding: scanner.output, as: UTF8.self)
    }

    /// A function of a file: where its declaration begins, and how many lines it has to its closing brace.
    struct Function {
        var line: Int
        var length: Int
        var declaration: String
    }

    /// Every `func`, `init`, `deinit` and `subscript` with a body, nested ones included.
    static func functions(in code: [Substring]) -> [Function] {
        var found: [Function] = []
        for (index, line) in code.enumerated() {
            guard line.contains("func") || line.contains("init") || line.contains("subscript") else { continue }
            guard line.firstMatch(of: declaration) != nil else { continue }
            if let end = endOfBody(code, from: index) {
                let text = line.trimmingPrefix { $0 == " " }
                found.append(Function(line: index + 1, length: end - index + 1, declaration: String(text)))
            }
        }
        return found
    }

    private static var declaration: Regex<(Substring, Substring)> {
        /^\s*(?:(?:@\w+(?:\([^)]*\))?|[a-z]+(?:\([a-z]+\))?)\s+)*(func\s|init[?(<]|deinit\b|subscript[(<])/
    }

    /// The line of the brace that closes the first body that opens at or after `start`; `nil` for a requirement.
    private static func endOfBody(_ code: [Substring], from start: Int) -> Int? {
        var depth = 0
        var parentheses = 0
        var opened = false
        for index in start..<code.count {
            for character in code[index].utf8 {
                switch character {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{"):
                    depth += 1
                    if parentheses == 0 { opened = true }
                case UInt8(ascii: "}"):
                    depth -= 1
                    if depth < 0 { return nil }
                    if depth == 0, opened { return index }
                default: break
                }
            }
            let next = index + 1 < code.count ? code[index + 1].drop { $0 == " " } : ""
            let goesOn = parentheses > 0 || ["{", "->", "throws", "async", "where", ")"].contains { next.hasPrefix($0) }
            if !opened, depth == 0, !goesOn { return nil }
        }
        return nil
    }

    private struct Scanner {
        let input: [UInt8]
        var output: [UInt8]
        var at = 0

        init(_ input: [UInt8]) {
            self.input = input
            output = input
        }

        mutating func run() {
            while at < input.count {
                if starts("//") {
                    while at < input.count, input[at] != UInt8(ascii: "\n") { blank() }
                } else if starts("/*") {
                    blockComment()
                } else if let hashes = stringStart() {
                    string(hashes: hashes)
                } else {
                    at += 1
                }
            }
        }

        func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { bytes in
                at + offset + bytes.count <= input.count && bytes.indices.allSatisfy { input[at + offset + $0] == bytes[$0] }
            }
        }

        mutating func blank() {
            if input[at] != UInt8(ascii: "\n") { output[at] = UInt8(ascii: " ") }
            at += 1
        }

        mutating func blockComment() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += 1
                    blank()
                } else if starts("*/") {
                    depth -= 1
                    blank()
                }
                if at < input.count { blank() }
            } while depth > 0 && at < input.count
        }

        /// How many "#" stand before the quote, or `nil` where no string begins.
        func stringStart() -> Int? {
            var hashes = 0
            while starts("#", at: hashes) { hashes += 1 }
            return starts("\"", at: hashes) ? hashes : nil
        }

        mutating func string(hashes: Int) {
            at += hashes
            let quotes = starts("\"\"\"") ? 3 : 1
            at += quotes
            while at < input.count {
                if input[at] == UInt8(ascii: "\\"), escapeHashes() == hashes {
                    escape(hashes: hashes)
                } else if closes(quotes: quotes, hashes: hashes) {
                    at += quotes + hashes
                    return
                } else if quotes == 1, input[at] == UInt8(ascii: "\n") {
                    return
                } else {
                    blank()
                }
            }
        }

        func escapeHashes() -> Int {
            var count = 0
            while starts("#", at: 1 + count) { count += 1 }
            return count
        }

        func closes(quotes: Int, hashes: Int) -> Bool {
            for offset in 0..<quotes where !starts("\"", at: offset) { return false }
            for offset in 0..<hashes where !starts("#", at: quotes + offset) { return false }
            return true
        }

        /// Blanks one escaped character, or a whole interpolation.
        mutating func escape(hashes: Int) {
            for _ in 0...hashes where at < input.count { blank() }
            guard starts("(") else {
                if at < input.count { blank() }
                return
            }
            var depth = 0
            repeat {
                if let inner = stringStart() {
                    let from = at
                    string(hashes: inner)
                    for index in from..<at where input[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
                    continue
                }
                if starts("(") { depth += 1 }
                if starts(")") { depth -= 1 }
                blank()
            } while depth > 0 && at < input.count
        }
    }
}
