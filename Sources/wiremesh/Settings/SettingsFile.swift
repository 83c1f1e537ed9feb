import Foundation

/// A file of settings: lines `NAME=VALUE` with the names of the environment, as systemd's EnvironmentFile has them. Empty lines
/// and lines that begin with "#" are skipped; quotes around a value are taken off.
enum SettingsFile {
    /// Larger is not a file of settings.
    private static let limit = 1 << 20

    static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path), data.count <= limit else {
            throw Failure.usage("The configuration file \(path) cannot be read: check the path and its mode.")
        }
        return try parse(String(decoding: data, as: UTF8.self), path: path)
    }

    /// - Throws: a `Failure` that names the line.
    static func parse(_ text: String, path: String) throws -> [String: String] {
        let known = Set(Settings.options.flatMap(Settings.names))
        var settings: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let place = "Line \(index + 1) of \(path)"
            guard let equals = line.firstIndex(of: "=") else { throw Failure.usage("\(place) is not NAME=VALUE.") }
            let name = line[..<equals].trimmingCharacters(in: .whitespaces)
            guard known.contains(name) else {
                throw Failure.usage("\(place): there is no setting \(name). Known are \(known.sorted().joined(separator: ", ")).")
            }
            settings[name] = unquoted(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces))
        }
        return settings
    }

    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote else { return value }
        return String(value.dropFirst().dropLast())
    }
}
