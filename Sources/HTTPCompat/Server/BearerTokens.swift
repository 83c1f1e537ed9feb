import Foundation
package import NIOHTTP1

/// The tokens that open the front. Comparing takes the same time whichever is wrong where.
package struct BearerTokens: Sendable {
    private let tokens: [[UInt8]]

    /// Reads one token a line; blank lines and lines that begin with "#" are skipped.
    ///
    /// - Throws: `FrontError.badTokenFile` if the file cannot be read, is open to other users, holds no token, or holds one
    ///   that is too short to be secret or that a header cannot carry.
    package init(file: String) throws(FrontError) {
        try self.init(text: Self.read(file), file: file)
    }

    package init(text: String, file: String) throws(FrontError) {
        var tokens: [[UInt8]] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let token = line.drop { $0 == " " || $0 == "\t" }
            if token.isEmpty || token.first == "#" { continue }
            let bytes = Array(token.utf8)
            guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw .badTokenFile(file: file, reason: "a token may hold visible ASCII characters only, one token a line")
            }
            guard bytes.count >= Self.shortest else {
                throw .badTokenFile(file: file, reason: "a token of fewer than \(Self.shortest) characters can be guessed")
            }
            tokens.append(bytes)
        }
        guard !tokens.isEmpty else { throw .badTokenFile(file: file, reason: "it holds no token; write one a line") }
        self.tokens = tokens
    }

    /// Characters of a token: 16 random base64 characters are 96 bits.
    static let shortest = 16

    /// Whether `Authorization: Bearer` or `Wiremesh-Token` holds one of the tokens.
    package func accept(_ headers: HTTPHeaders) -> Bool {
        if let token = headers.first(name: "wiremesh-token") { return holds(token.utf8) }
        guard let value = headers.first(name: "authorization"), let space = value.utf8.firstIndex(of: UInt8(ascii: " ")),
            value[..<space].lowercased() == "bearer"
        else { return false }
        return holds(value[value.index(after: space)...].drop { $0 == " " }.utf8)
    }

    private func holds(_ candidate: some Collection<UInt8>) -> Bool {
        var found: UInt8 = 0
        for token in tokens { found |= Self.equal(token, candidate) }
        return found == 1
    }

    /// 1 if equal. Looks at every byte of `candidate`, whatever it finds.
    private static func equal(_ token: [UInt8], _ candidate: some Collection<UInt8>) -> UInt8 {
        var difference = UInt(bitPattern: token.count ^ candidate.count)
        var index = 0
        for byte in candidate {
            difference |= UInt(token[index] ^ byte)
            index = index + 1 == token.count ? 0 : index + 1
        }
        return difference == 0 ? 1 : 0
    }

    /// The file's text, if nobody but its owner can read or write it.
    private static func read(_ file: String) throws(FrontError) -> String {
        let status: [FileAttributeKey: Any]
        let bytes: Data
        do {
            status = try FileManager.default.attributesOfItem(atPath: file)
            guard (status[.size] as? NSNumber)?.intValue ?? 0 <= largest else {
                throw FrontError.badTokenFile(file: file, reason: "it is larger than \(largest) bytes")
            }
            bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch let error as FrontError {
            throw error
        } catch {
            throw .badTokenFile(file: file, reason: "it cannot be read; give a file of this user")
        }
        guard let mode = (status[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 == 0 else {
            throw .badTokenFile(file: file, reason: "other users may read it; run chmod 600 on it")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Bytes of a token file: a thousand long tokens.
    private static let largest = 65_536
}
