import Testing

/// Every public symbol states its contract.
@Suite struct DocTests {
    /// Symbols whose contract is that of the protocol they witness, and initializers that only take the properties.
    static var excused: Regex<Substring> {
        #/
        \binit\b | \bfunc\s+(?:==|<|hash\(|encode\(|callReceived|callFailed|callBecame)
        | \bvar\s+(?:rawValue|description|debugDescription|hashValue)\b
        /#
    }

    @Test func everyPublicSymbolHasADocComment() throws {
        for file in try SourceTree.here.swiftFiles("Sources") where file.target != "wiremesh" {
            for (index, line) in file.code.enumerated() where isPublicDeclaration(line) {
                if line.firstMatch(of: Self.excused) != nil { continue }
                #expect(isDocumented(file, index), "\(file.place(index))")
            }
        }
    }

    @Test func everyFolderHasItsSentence() throws {
        let page = try SourceTree.here.file("ARCHITECTURE.md")
        for folder in try SourceTree.here.folders("Sources") {
            #expect(page.lines.contains { $0.contains("Sources/\(folder)") }, "Sources/\(folder) has no sentence in ARCHITECTURE.md")
        }
    }

    private func isPublicDeclaration(_ line: Substring) -> Bool {
        let declaration =
            #/
            ^\s* (?:@\w+(?:\([^)]*\))?\s+)* (?:public|open)\s+ (?:[a-z]+(?:\(\w+\))?\s+)*
            (?:func|var|let|struct|enum|class|actor|protocol|subscript|typealias)\b
            /#
        return line.firstMatch(of: declaration) != nil
    }

    /// A comment stands above it, attributes between them aside. Stored properties that follow each other without a blank line
    /// may share one.
    private func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        var above = index - 1
        while above >= 0 {
            let line = file.lines[above].drop { $0 == " " }
            if line.hasPrefix("///") { return true }
            if line.hasPrefix("@") || line.hasPrefix("//") {
                above -= 1
            } else if isStored(file.code[index]), isPublicDeclaration(file.code[above]), isStored(file.code[above]) {
                return isDocumented(file, above)
            } else if isStored(file.code[index]), isPublicType(file.code[above]) {
                return isDocumented(file, above)
            } else {
                return false
            }
        }
        return false
    }

    private func isStored(_ line: Substring) -> Bool {
        line.firstMatch(of: /\b(?:var|let)\b/) != nil && !line.contains("{")
    }

    private func isPublicType(_ line: Substring) -> Bool {
        line.firstMatch(of: /\bpublic\s+(?:[a-z]+\s+)*(?:struct|class|actor|extension)\b/) != nil
    }
}
