import Testing

/// Every public symbol states its contract.
@Suite struct DocTests {
    /// Initializers that only take the properties, and witnesses of the standard library's protocols.
    static var excused: Regex<Substring> {
        #/
        \binit\b | \bfunc\s+(?:==|<|hash\(|encode\(|next\(|makeAsyncIterator\() | \bstruct\s+Iterator\b
        | \btypealias\s+Element\b | \bvar\s+(?:rawValue|description|debugDescription|hashValue|customMirror)\b
        /#
    }

    @Test func everyPublicSymbolHasADocComment() throws {
        let files = try SourceTree.here.swiftFiles("Sources").filter { $0.target != "wiremesh" }
        let requirements = Set(files.flatMap { requirementNames(of: $0) })
        #expect(requirements.contains("callReceived"))
        for file in files {
            for (index, line) in file.code.enumerated() where isPublicDeclaration(line) {
                if line.firstMatch(of: Self.excused) != nil { continue }
                if let name = name(line), requirements.contains(name) { continue }
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

    /// What our own protocols require: the contract stands there, not at each witness.
    private func requirementNames(of file: SourceFile) -> [String] {
        var names: [String] = []
        var isInside = false
        for line in file.code {
            if line.firstMatch(of: /^\s*(?:public|package)\s+protocol\b/) != nil { isInside = true }
            if line.first == "}" { isInside = false }
            if isInside, let name = name(line) { names.append(name) }
        }
        return names
    }

    private func name(_ line: Substring) -> String? {
        line.firstMatch(of: /\b(?:func|var)\s+(\w+)/).map { String($0.1) }
    }

    private func isPublicDeclaration(_ line: Substring) -> Bool {
        guard line.contains("public") || line.contains("open") else { return false }
        let declaration =
            #/
            ^\s* (?:@\w+(?:\([^)]*\))?\s+)* (?:public|open)\s+ (?:[a-z]+(?:\(\w+\))?\s+)*
            (?:func|var|let|struct|enum|class|actor|protocol|subscript|typealias)\b
            /#
        return line.firstMatch(of: declaration) != nil
    }

    /// A comment stands above it, attributes between them aside. Stored properties that follow each other without a blank line
    /// may share one, also with the type or its first line.
    private func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        var above = index - 1
        while above >= 0 {
            let line = file.lines[above].drop { $0 == " " }
            if line.hasPrefix("///") { return true }
            if line.hasPrefix("@") || line.hasPrefix("//") {
                above -= 1
            } else if isStored(file.code[index]), isPublicDeclaration(file.code[above]) {
                return isStored(file.code[above]) || isPublicType(file.code[above]) ? isDocumented(file, above) : false
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
        line.firstMatch(of: /\bpublic\s+(?:[a-z]+\s+)*(?:struct|class|actor|enum|extension)\b/) != nil
    }
}
