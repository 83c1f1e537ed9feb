import Foundation

/// An answer as curl saw it. `exit` other than 0 means that there was none, or that it broke off.
struct Answer {
    let exit: Int32
    let status: Int
    let headers: [String: String]
    let body: String

    func json() throws -> JSON { try JSON(body) }
}

/// One request with curl: a client that knows nothing of us and whose exit code tells a broken answer from a whole one.
func curl(_ url: String, _ arguments: String..., prefix: [String] = [], within limit: Duration = .seconds(60)) async throws -> Answer {
    let sandbox = Sandbox.current!
    let headers = sandbox.path("headers-\(UUID().uuidString)")
    let done = try await sandbox.run(prefix + ["curl", "-sS", "-D", headers, url] + arguments, within: limit)
    guard let code = done.code else { throw Failure("curl was killed") }
    let blocks = ((try? String(contentsOfFile: headers, encoding: .utf8)) ?? "").components(separatedBy: "\r\n\r\n").filter { !$0.isEmpty }
    let lines = (blocks.last ?? "").components(separatedBy: "\r\n")
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let fields = lines.dropFirst().compactMap { line -> (String, String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    return Answer(exit: code, status: status, headers: Dictionary(fields) { $1 }, body: done.output)
}
