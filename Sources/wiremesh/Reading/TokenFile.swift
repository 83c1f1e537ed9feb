import Foundation

/// A file of bearer tokens, one a line; empty lines and lines that begin with "#" are skipped.
enum TokenFile {
    /// The first token: what a client sends.
    /// - Throws: a `Failure` for a file that cannot be read or holds none.
    static func first(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.usage("The token file \(path) cannot be read: check the path and its mode.")
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        let tokens = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard let token = tokens.first else { throw Failure.usage("The token file \(path) holds no token: put one on a line.") }
        return token
    }
}
