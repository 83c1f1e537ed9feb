import Testing

/// One file, one idea; one function, one screen.
@Suite struct SizeTests {
    static let folders = ["Sources", "Tests", "Benchmarks", "Fuzz"]

    @Test(arguments: folders)
    func filesHaveAtMost500Lines(folder: String) throws {
        for file in try SourceTree.here.swiftFiles(folder) {
            #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines: which second idea is in it?")
        }
    }

    @Test(arguments: folders)
    func functionsHaveAtMost70Lines(folder: String) throws {
        for file in try SourceTree.here.swiftFiles(folder) {
            for function in SwiftText.functions(in: file.code) {
                #expect(function.length <= 70, "\(file.path):\(function.line): \(function.length) lines: \(function.declaration)")
            }
        }
    }

    @Test(arguments: folders)
    func linesHaveAtMost140Columns(folder: String) throws {
        for file in try SourceTree.here.swiftFiles(folder) {
            for (index, line) in file.lines.enumerated() where line.utf8.count > 140 {
                #expect(line.count <= 140, "\(file.path):\(index + 1): \(line.count) columns")
            }
        }
    }

    @Test func namesSayWhatIsInAFile() throws {
        for file in try SourceTree.here.swiftFiles("Sources") {
            let name = file.path.split(separator: "/").last ?? ""
            #expect(name.firstMatch(of: /Utils?|Helpers?|Manager|Misc|Common/) == nil, "\(file.path)")
        }
    }

    @Test func theScannerFindsFunctions() {
        let text = """
            struct A {
                func one(_ a: Int = { 1 }()) -> Int { a }
                public static func two<T>(
                    _ b: T
                ) throws(E) -> T where T: P {
                    let s = "}} \\(b) // {"
                    /* } */ return b
                }
                init?(x: Int)
                {
                    if x > 0 { return nil }
                }
                func required() -> Int
                var x: Int
            }
            """
        let found = SwiftText.functions(in: SourceFile(path: "", text: text).code)
        #expect(found.map(\.line) == [2, 3, 9])
        #expect(found.map(\.length) == [1, 6, 4])
    }
}
