import Testing

/// Bytes from outside must not be able to stop the process, and machines must not do what shells are for.
@Suite struct WireDataTests {
    /// Targets whose code meets bytes from outside.
    static let exposed = [
        "Sources/Wire", "Sources/DHT", "Sources/Transport", "Sources/Coordinator", "Sources/Worker", "Sources/HTTPCompat",
    ]

    @Test(arguments: exposed)
    func nothingTraps(folder: String) throws {
        for file in try SourceTree.here.swiftFiles(folder) {
            #expect(file.matches(/\b(?:fatalError|preconditionFailure|precondition)\s*\(|\btry!|\bas!/) == [])
            #expect(file.matches(/[A-Za-z0-9_)\]]!(?![=A-Za-z0-9_(])/, containing: "!") == [], "a force unwrap")
            #expect(file.matches(/[A-Za-z0-9_)\]]!\./, containing: "!") == [], "a force unwrap")
        }
    }

    /// `UInt16(n)` traps where n does not fit. `exactly:`, `clamping:` and `truncatingIfNeeded:` say what is meant.
    /// A conversion that can be seen to fit says so: `// fits: ` and why, on its line or the one before.
    /// From `text` and `digits` they are failable; a `byte`, the `type` of a frame header and a `flag` fit everywhere.
    @Test(arguments: ["Sources/Wire", "Sources/DHT", "Sources/Transport"])
    func narrowingConversionsSayWhatIsMeant(folder: String) throws {
        let narrowing =
            #/
            (?:^|[^A-Za-z0-9_.]) U?Int(?:8|16|32) \(
            (?!ascii:|exactly:|clamping:|truncatingIfNeeded:|bigEndian:|littleEndian:|bitPattern:)
            (?![0-9]|\)|text|digits|byte\)|header\.type\)|flag\ )
            /#
        for file in try SourceTree.here.swiftFiles(folder) {
            let found = file.matches(narrowing, containing: "Int") { index in
                file.lines[index].contains("// fits: ") || (index > 0 && file.lines[index - 1].contains("// fits: "))
            }
            #expect(found == [])
        }
    }

    @Test(arguments: ["Sources/Wire", "Sources/DHT"])
    func machinesHaveNoClockNoRandomnessNoTasks(folder: String) throws {
        let forbidden =
            #/
            \b(?:Task|EventLoop|ContinuousClock|SuspendingClock|Date|DispatchQueue|DispatchTime|Thread|async|await)\b
            | \b(?:SystemRandomNumberGenerator|clock_gettime|gettimeofday|randombytes_buf|randombytes|getrandom|arc4random)\b
            | \.random\( | \.shuffled\(\) | \bSystemRandom\b
            /#
        // The two that offer randomness to shells, and no machine uses.
        let offering = ["Sources/Wire/Crypto/Sodium.swift", "Sources/Wire/Crypto/SystemRandom.swift"]
        for file in try SourceTree.here.swiftFiles(folder) where !offering.contains(file.path) {
            #expect(file.matches(forbidden) == [])
        }
    }

    /// What the compiler is told to believe needs a reason that a reader can check.
    @Test func beliefsHaveReasons() throws {
        for file in try SourceTree.here.swiftFiles("Sources") {
            let found = file.matches(/@unchecked\s+Sendable|nonisolated\(unsafe\)/) { index in
                let above = file.lines[max(0, index - 6)...index]
                return above.contains { $0.contains("//") }
            }
            #expect(found == [], "say above it why it is safe")
        }
    }
}
