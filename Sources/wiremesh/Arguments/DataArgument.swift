import Foundation

/// What to send: the text itself, `@FILE` for the bytes of a file, `-` for standard input.
enum DataArgument: Equatable {
    case text(String)
    case file(String)
    case standardInput

    init(_ argument: String) {
        self = argument == "-" ? .standardInput : argument.hasPrefix("@") ? .file(String(argument.dropFirst())) : .text(argument)
    }

    /// All of it at once.
    /// - Throws: a `Failure` for a file that cannot be read.
    func read() throws -> [UInt8] {
        switch self {
        case .text(let text): return Array(text.utf8)
        case .standardInput, .file:
            let handle = try open()
            defer { try? handle.close() }
            return Array(try handle.readToEnd() ?? Data())
        }
    }

    /// A handle that reads it piece by piece; not for text.
    func open() throws -> FileHandle {
        guard case .file(let path) = self else { return .standardInput }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure.usage("\(path) cannot be read: check the path and its mode.")
        }
        return handle
    }
}
