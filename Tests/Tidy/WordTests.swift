import Testing

/// Words that must not stand in the repository: promises without a date, and places of one machine.
@Suite struct WordTests {
    static let folders = ["Sources", "Tests", "scripts", "docs", "spec", "deploy", "Benchmarks", "Fuzz", ".ci"]
    static let pages = [
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "Makefile", "Package.swift",
    ]

    @Test func noPromisesAndNoForeignPlaces() throws {
        let tree = SourceTree.here
        let files = try Self.folders.flatMap { try tree.files($0) } + Self.pages.map { try tree.file($0) }
        let words = /\b(?:TODO|FIXME|XXX|HACK)\b|(?:^|[^A-Za-z0-9_.~])\/(?:root|work|home\/\w+|Users)\//
        for file in files where file.path != "Tests/Tidy/WordTests.swift" {
            for (index, line) in file.lines.enumerated() where line.firstMatch(of: words) != nil {
                Issue.record("\(file.place(index))")
            }
        }
    }
}
