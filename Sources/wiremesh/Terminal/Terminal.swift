import Foundation

/// Where output goes: results to standard output, everything else to standard error. Colour only where a person looks.
enum Terminal {
    /// Whether standard output is a terminal, and colour is welcome (see no-color.org).
    static let hasColour = isatty(STDOUT_FILENO) == 1 && wantsColour
    /// The same for standard error.
    static let errorHasColour = isatty(STDERR_FILENO) == 1 && wantsColour

    private static let wantsColour: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    }()

    /// A line of a result.
    static func print(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

    /// Bytes of a result, as they are and at once.
    static func write(_ bytes: some Sequence<UInt8>) { write(Array(bytes), to: STDOUT_FILENO) }

    /// A line about what goes on, which is not part of the result.
    static func note(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// A sentence about what went wrong.
    static func error(_ sentence: String) {
        note(Style.red("error:", errorHasColour) + " " + sentence)
    }

    /// A sentence that the operator should read.
    static func warning(_ sentence: String) {
        note(Style.yellow("warning:", errorHasColour) + " " + sentence)
    }

    /// `text` with "?" for control characters: what others have written could hold sequences that a terminal obeys.
    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? "?" : $0 }))
    }

    private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

/// The few colours that mean something.
enum Style {
    static func red(_ text: String, _ on: Bool = Terminal.hasColour) -> String { wrap(text, "31", on) }
    static func green(_ text: String, _ on: Bool = Terminal.hasColour) -> String { wrap(text, "32", on) }
    static func yellow(_ text: String, _ on: Bool = Terminal.hasColour) -> String { wrap(text, "33", on) }
    static func bold(_ text: String, _ on: Bool = Terminal.hasColour) -> String { wrap(text, "1", on) }
    static func dim(_ text: String, _ on: Bool = Terminal.hasColour) -> String { wrap(text, "2", on) }

    private static func wrap(_ text: String, _ code: String, _ on: Bool) -> String {
        on ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
