public import Coordinator
internal import FoundationEssentials
internal import Wire

/// Reads a catalogue file: JSON, `{"NAME": {"tier": 1, "requires": "gpu", "priority": 1, "port": 8105}, …}`.
///
/// The order of the file is the order of the catalogue. Everything about it is checked before any of it is used.
public enum CatalogueFile {
    /// What is wrong with a file. One sentence: where, what, and what to do.
    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    /// Reads the catalogue at `path`. Blocks for the length of the read: for the start of a process.
    public static func load(_ path: String) throws(Problem) -> Catalogue {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Problem(description: "The catalogue file \(path) cannot be read: give a file that exists and that this user may read.")
        }
        guard bytes.count <= Limits.catalogueFile else {
            throw Problem(description: "The catalogue file \(path) is too large: at most \(Limits.catalogueFile) bytes.")
        }
        return try parse(Array(bytes), name: path)
    }

    /// Parses a catalogue; `name` says in errors which file it was.
    static func parse(_ bytes: [UInt8], name: String) throws(Problem) -> Catalogue {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw Problem(description: "\(name), line \(error.line): this is not JSON (\(error.message)).")
        }
        guard let members = document.members else {
            throw Problem(description: "\(name), line 1: a catalogue is an object with one member for each service.")
        }
        var entries: [Catalogue.Entry] = []
        for member in members {
            do throws(EntryProblem) {
                entries.append(try entry(member, isRepeated: entries.contains { $0.name == member.name }))
            } catch {
                let line = lineOf(member.name, in: bytes, last: error == .repeated)
                throw Problem(description: "\(name), line \(line): service \"\(member.name)\" \(error.rawValue).")
            }
        }
        return Catalogue(entries)
    }

    private enum EntryProblem: String, Error {
        case name = "has a name that cannot be used: letters, digits, \"-\", \"_\" and \".\", at most 128 bytes"
        case repeated = "stands there twice: remove one of the two"
        case shape = "must have exactly the members tier, requires, priority and port"
        case tier = "needs a tier from 1 to 4"
        case requires = "must require one of \"gpu\", \"cpu\", \"storage\" and \"edge\""
        case priority = "needs a priority, a whole number from 1"
        case port = "needs a port from 1 to 65535"
    }

    private static func entry(_ member: JSONValue.Member, isRepeated: Bool) throws(EntryProblem) -> Catalogue.Entry {
        guard Name.isValid(member.name) else { throw .name }
        guard !isRepeated else { throw .repeated }
        guard let members = member.value.members, Set(members.map(\.name)) == ["tier", "requires", "priority", "port"] else {
            throw .shape
        }
        guard let tier = member.value["tier"]?.integer, (1...4).contains(tier) else { throw .tier }
        guard let requires = member.value["requires"]?.text.flatMap({ WorkerType(rawValue: $0) }) else { throw .requires }
        guard let priority = member.value["priority"]?.integer.flatMap({ Int(exactly: $0) }), priority >= 1 else { throw .priority }
        guard let port = member.value["port"]?.integer.flatMap({ UInt16(exactly: $0) }), port > 0 else { throw .port }
        return Catalogue.Entry(
            member.name, tier: UInt8(clamping: tier), requires: requires, priority: priority, port: port)
    }

    /// The line on which a service's name stands first, or last.
    private static func lineOf(_ name: String, in bytes: [UInt8], last: Bool) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let quoted = Array("\"\(name)\"".utf8)
        let hits = lines.indices.filter { contains(lines[$0], quoted) }
        return ((last ? hits.last : hits.first) ?? 0) + 1
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ text: [UInt8]) -> Bool {
        line.indices.contains { line[$0...].starts(with: text) }
    }
}
