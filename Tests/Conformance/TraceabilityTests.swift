import ConformanceKit
import Foundation
import Testing

/// Every MUST of the specification is obeyed somewhere and proven somewhere, every SHOULD is obeyed somewhere, and whatever names a
/// clause names one that exists.
///
/// Code is Sources, apart from the kit that holds implementations to the text, and what names a clause there is a comment on a
/// declaration or statement. Proof is a test function, a case of the runner, or a vector.
@Suite struct TraceabilityTests {
    /// Everything that is read, once for all tests.
    private struct Everything {
        let text: Text
        let exceptions: Exceptions
        var code = Tags()
        var proof = Tags()
        var other = Tags()

        init() throws {
            text = try Text()
            exceptions = try Exceptions()
            for (path, text) in try Repository.files("Sources", ["swift"]) {
                if !path.hasPrefix("Sources/ConformanceKit/") { code.read(path, Mentions.attached(text)) }
                other.read(path, text)
            }
            for (path, text) in try Repository.files("Tests", ["swift", "py"]) where !path.hasPrefix("Tests/Conformance/") {
                if path.hasSuffix(".swift") { proof.read(path, Mentions.tests(text)) }
                other.read(path, text)
            }
            for (path, text) in try Repository.files("spec/vectors", ["json"]) where !path.hasSuffix("/schema.json") {
                for vector in try Mentions.vectors(Data(text.utf8)) { proof.add(vector.clauses, "\(path): \(vector.id)") }
            }
            for each in ConformanceRunner.cases { proof.add(each.clauses, "the case \(each.id)") }
            for folder in ["spec/python", "spec/examples", "spec/wireshark"] {
                for (path, text) in try Repository.files(folder, ["py", "lua", "md"]) { other.read(path, text) }
            }
            for (path, text) in try Repository.files("spec", ["md", "abnf"]) where !path.contains("vectors/") { other.read(path, text) }
        }
    }

    private static let everything = Result { try Everything() }
    private let text: Text
    private let exceptions: Exceptions
    private let code, proof, other: Tags

    init() throws {
        let all = try Self.everything.get()
        (text, exceptions, code, proof, other) = (all.text, all.exceptions, all.code, all.proof, all.other)
    }

    private var musts: [Requirement] { text.requirements.filter { $0.strength == "MUST" } }
    private var shoulds: [Requirement] { text.requirements.filter { $0.strength == "SHOULD" } }

    @Test func theTextIsWrittenAsItSays() {
        #expect(text.requirements.count > 150 && musts.count > 150 && shoulds.count > 20)
        for fault in text.faults + exceptions.faults { Issue.record("\(fault)") }
    }

    @Test func everyMustHasCode() {
        for must in musts where code[must.id].isEmpty && exceptions.lacks[must.id]?.contains("code") != true {
            Issue.record("\(must.id) (\(must.place)) is named by no comment on code of Sources, and not excepted in spec/exceptions.md")
        }
    }

    @Test func everyShouldHasCodeOrAReason() {
        for should in shoulds where code[should.id].isEmpty && exceptions.lacks[should.id]?.contains("code") != true {
            Issue.record("\(should.id) (\(should.place)) is named by no comment on code of Sources, and not excepted in spec/exceptions.md")
        }
    }

    @Test func everyMustHasATest() {
        for must in musts where proof[must.id].isEmpty && exceptions.lacks[must.id]?.contains("test") != true {
            Issue.record("\(must.id) (\(must.place)) is named by no test, case or vector, and not excepted in spec/exceptions.md")
        }
    }

    @Test func everyTagNamesARequirement() {
        let known = Set(text.requirements.map(\.id))
        for tags in [code, proof, other] {
            for (id, places) in tags.places.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
                Issue.record("\(id) is no requirement: \(places.prefix(5).joined(separator: ", "))")
            }
        }
    }

    @Test func exceptionsAreNeeded() {
        for (id, lacks) in exceptions.lacks {
            let strength = text.requirements.first { $0.id == id }?.strength
            #expect(strength == "MUST" || strength == "SHOULD" && lacks == ["code"], "\(id) is excepted, which nothing asks for")
            #expect(!lacks.contains("code") || code[id].isEmpty, "\(id) has code: \(code[id].first ?? "")")
            #expect(!lacks.contains("test") || proof[id].isEmpty, "\(id) has a test: \(proof[id].first ?? "")")
        }
    }

    // MARK: The reader itself

    @Test func paragraphsAreReadWordByWord() {
        #expect(Requirement.words("HS-1.1 A side MUST NOT do it.") == ["MUST"])
        #expect(Requirement.words("It MUST, and SHOULD NOT; MAYBE.") == ["MUST", "SHOULD"])
        var tags = Tags()
        tags.read("a", "x\n// HS-1.1, LZ4-2.3 SHA-256.1 xHS-1.1\n")
        #expect(tags.places == ["HS-1.1": ["a:2"], "LZ4-2.3": ["a:2"]])
    }

    @Test func onlyCommentsOnCodeCount() {
        let text = """
            // HS-1.1: of the file

            /// HS-1.2
            // and HS-1.3
            func a() {  // HS-1.4
                let b = "HS-1.5"
                // HS-1.6
            }
            // MARK: HS-1.7
            let c = 1
            """
        var tags = Tags()
        tags.read("a", Mentions.attached(text))
        #expect(tags.places == ["HS-1.2": ["a:3"], "HS-1.3": ["a:4"], "HS-1.4": ["a:5"]])
    }

    @Test func onlyTestFunctionsCount() {
        let text = """
            // HS-1.1
            @Suite struct A {
                /// HS-1.2
                func helper() {}

                // HS-1.3
                @Test(arguments: [
                    1
                ]) func a(_ b: Int) {
                    // HS-1.4
                    if b > 0 {}
                }
                // HS-1.5
                @Test func c() { d("HS-1.6") }
                let e = "HS-1.7"
            }
            """
        var tags = Tags()
        tags.read("a", Mentions.tests(text))
        #expect(tags.places.keys.sorted() == ["HS-1.3", "HS-1.4", "HS-1.5", "HS-1.6"])
    }
}
