import Foundation
import Synchronization

/// The files of this repository, found from the place of this file.
struct SourceTree {
    let root: URL

    static let here = SourceTree(
        root: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())

    /// Every Swift file below `folder`, in the order of their paths. Read once.
    func swiftFiles(_ folder: String) throws -> [SourceFile] {
        try Self.read.withLock { read in
            if let files = read[folder] { return files }
            let files = try files(folder).filter { $0.path.hasSuffix(".swift") }
            read[folder] = files
            return files
        }
    }

    private static let read = Mutex<[String: [SourceFile]]>([:])

    /// Every text file below `folder`.
    func files(_ folder: String) throws -> [SourceFile] {
        let base = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var found: [SourceFile] = []
        for case let name as String in walk {
            let url = base.appendingPathComponent(name)
            guard !name.contains(".build"), !name.contains("__pycache__"), !name.hasPrefix("corpus/") else { continue }
            guard (try url.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true else { continue }
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            found.append(SourceFile(path: folder + "/" + name, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }

    /// One file, by its path from the root.
    func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    /// The folders below `folder`, one level.
    func folders(_ folder: String) throws -> [String] {
        let base = root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(at: base, includingPropertiesForKeys: [.isDirectoryKey])
            .filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true }
            .map(\.lastPathComponent).filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// One file with its path from the root, its lines, and its lines without comments and string literals.
struct SourceFile: CustomStringConvertible, Sendable {
    let path: String
    let lines: [Substring]
    /// As `lines`, with comments and the inside of string literals blanked out; same numbering.
    let code: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = SwiftText.withoutCommentsAndStrings(text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    var description: String { path }

    /// The target: the folder below Sources or Tests.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The modules it imports, with the number of the line.
    var imports: [(line: Int, module: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ").drop {
                ["public", "package", "internal", "private", "fileprivate", "@testable", "@_exported", "@preconcurrency"].contains($0)
            }
            guard words.first == "import", words.count >= 2 else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let rest = words.dropFirst().drop { kinds.contains($0) }
            guard let module = rest.first?.split(separator: ".").first else { return nil }
            return (index + 1, String(module))
        }
    }

    /// Places where `pattern` matches the code, each as "path:line: text". Lines without `hint` are not looked at.
    func matches(_ pattern: Regex<Substring>, containing hint: String = "", unless excuse: (Int) -> Bool = { _ in false }) -> [String] {
        code.enumerated().compactMap { index, line in
            guard hint.isEmpty || line.contains(hint), line.firstMatch(of: pattern) != nil, !excuse(index) else { return nil }
            return place(index)
        }
    }

    /// "path:line: text" for the line with this index.
    func place(_ index: Int) -> String {
        "\(path):\(index + 1): \(lines[index].trimmingCharacters(in: .whitespaces))"
    }
}
