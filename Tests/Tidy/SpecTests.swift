import Testing
import Wire

/// The numbers in the tables of spec/ are those of the code.
///
/// A table that is checked stands below a comment: `<!-- check: NAME -->`, compared with what the module says, or
/// `<!-- code: FILE ENUM N -->`, compared with the constants of the Nth enum of that name in the file.
@Suite struct SpecTests {
    @Test func frameTypesAreThoseOfTheCode() throws {
        let rows = try Self.rows("frames")
        let code = FrameType.allCases.map { "\(Self.hex($0.rawValue)) \(Self.plain("\($0)"))" }
        #expect(rows.map { "\($0[0]) \(Self.plain($0[1]))" }.sorted() == code.sorted())
    }

    @Test func flagsAreThoseOfTheCode() throws {
        let code: [String: FrameFlags] = ["END": .end, "MORE": .more, "LZ4": .lz4]
        #expect(try Self.rows("flags").map { "\($0[0]) \($0[1])" }.sorted() == code.map { "\(Self.hex($1.rawValue)) \($0)" }.sorted())
    }

    @Test func errorsAreThoseOfTheCode() throws {
        let rows = try Self.rows("errors").map { $0.prefix(3).joined(separator: " ") }
        let code = ErrorCode.table.map { "\(Self.hex($0.code.rawValue)) \($0.name) \($0.httpStatus)" }
        #expect(rows.sorted() == code.sorted())
    }

    @Test func suitesAreThoseOfTheCode() throws {
        #expect(try Self.rows("suites").map { "\($0[0]) \($0[1])" } == Suite.allCases.map { "\($0.rawValue) \($0)" })
    }

    @Test func limitsAreThoseOfTheCode() throws {
        let code: [String: UInt64] = [
            "handshakeMessage": UInt64(Limits.handshakeMessage), "recordCiphertext": UInt64(Limits.recordCiphertext),
            "framePayload": UInt64(Limits.framePayload), "data": UInt64(Limits.data), "headSize": UInt64(Limits.headSize),
            "reason": UInt64(Limits.reason), "name": UInt64(Limits.name), "region": UInt64(Limits.region), "url": UInt64(Limits.url),
            "endpoint": UInt64(Limits.endpoint), "endpoints": UInt64(Limits.endpoints), "services": UInt64(Limits.services),
            "capabilities": UInt64(Limits.capabilities), "capabilityText": UInt64(Limits.capabilityText),
            "certificate": UInt64(Limits.certificate), "token": UInt64(Limits.token), "record": UInt64(Limits.record),
            "message": UInt64(Limits.message), "rekeyInterval": Limits.rekeyInterval, "streamWindow": Limits.streamWindow,
            "streamWindowMaximum": Limits.streamWindowMaximum, "linkWindow": Limits.linkWindow,
            "linkWindowMaximum": Limits.linkWindowMaximum, "openStreams": UInt64(Limits.openStreams), "hops": UInt64(Limits.hops),
            "idleFrameBurst": UInt64(Limits.idleFrameBurst), "idleFrameRate": UInt64(Limits.idleFrameRate),
            "unauthenticatedPerSource": UInt64(Limits.unauthenticatedPerSource), "unauthenticated": UInt64(Limits.unauthenticated),
        ]
        let rows = try Self.rows("limits")
        #expect(rows.count == code.count)
        for row in rows { #expect(code[row[0]].map(String.init) == row[1], "\(row[0])") }
    }

    @Test func methodsAreThoseOfTheCode() throws {
        let source = try SourceTree.here.file("Sources/Wire/Messages/WireMessage.swift")
        let code = source.lines.compactMap { $0.firstMatch(of: /static let \w+ = "(mesh\.\w+)"/).map { String($0.1) } }
        #expect(!code.isEmpty)
        #expect(try Self.rows("methods").map { $0[0] }.sorted() == code.sorted())
    }

    @Test func everyTableOfTypesIsThatOfTheCode() throws {
        var checked = 0
        for page in try Self.pages() {
            for (index, line) in page.lines.enumerated() {
                guard let mark = line.firstMatch(of: /<!-- code: (\S+) (\w+)(?: (\d+))? -->/) else { continue }
                let constants = try Self.constants(String(mark.1), String(mark.2), mark.3.flatMap { Int($0) } ?? 0)
                let rows = Self.table(page, after: index).compactMap { row in Self.number(row[0]).map { "\($0) \(row[1])" } }
                #expect(rows == constants, "\(page.path):\(index + 1)")
                checked += 1
            }
        }
        #expect(checked >= 15)
    }

    // MARK: Reading

    private static func pages() throws -> [SourceFile] { try SourceTree.here.files("spec").filter { $0.path.hasSuffix(".md") } }

    /// The rows of every table that is marked with `name`, cell by cell.
    private static func rows(_ name: String) throws -> [[String]] {
        var found: [[String]] = []
        for page in try pages() {
            for (index, line) in page.lines.enumerated() where line == "<!-- check: \(name) -->" { found += table(page, after: index) }
        }
        return found
    }

    private static func table(_ page: SourceFile, after mark: Int) -> [[String]] {
        page.lines.dropFirst(mark + 3).prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingPrefix { $0 == " " } }.map { cell in
                String(cell.reversed().drop { $0 == " " }.reversed())
            }
        }
    }

    /// "type name" for each constant of the `skip`th enum called `name`, in order.
    private static func constants(_ path: String, _ name: String, _ skip: Int) throws -> [String] {
        let lines = try SourceTree.here.file(path).lines
        let starts = lines.indices.filter { lines[$0].contains("enum \(name) {") }
        try #require(skip < starts.count, "\(path) has no enum \(name)")
        return lines[starts[skip]...].prefix { $0.first != "}" && $0 != "    }" }.compactMap { line in
            guard let constant = line.firstMatch(of: /static let (\w+): UInt16 = (\w+)/) else { return nil }
            return number(String(constant.2)).map { "\($0) \(constant.1)" }
        }
    }

    private static func number(_ text: String) -> Int? {
        text.lowercased().hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    private static func hex(_ number: some BinaryInteger & FixedWidthInteger) -> String {
        let digits = String(number, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, number.bitWidth / 4 - digits.count)) + digits
    }

    /// "MAX_STREAMS" and "maxStreams" are one name.
    private static func plain(_ name: String) -> String { name.filter { $0 != "_" }.uppercased() }
}
