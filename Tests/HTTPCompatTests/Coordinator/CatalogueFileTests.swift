import Coordinator
import Foundation
import Testing

@testable import HTTPCompat

@Suite struct CatalogueFileTests {
    /// The file that is shipped says what the program assumes without one.
    @Test func theShippedFileIsTheDefault() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        #expect(try CatalogueFile.load(root.appending(path: "deploy/catalogue.json").path) == .standard)
    }

    @Test(arguments: [
        ("{", "c.json, line 1: this is not JSON (Expecting property name enclosed in double quotes)."),
        ("{\n\"a\": {\"tier\": 1,}\n}", "c.json, line 2: this is not JSON (Expecting property name enclosed in double quotes)."),
        ("[]", "c.json, line 1: a catalogue is an object with one member for each service."),
        (
            "{\n\n\"a b\": {}}",
            "c.json, line 3: service \"a b\" has a name that cannot be used: letters, digits, \"-\", \"_\" and \".\", at most 128 bytes."
        ),
        ("{\"a\": 1}", "c.json, line 1: service \"a\" must have exactly the members tier, requires, priority and port."),
        (entry("\"tier\": 5"), "c.json, line 2: service \"a\" needs a tier from 1 to 4."),
        (entry("\"requires\": \"tpu\""), "c.json, line 2: service \"a\" must require one of \"gpu\", \"cpu\", \"storage\" and \"edge\"."),
        (entry("\"priority\": 0"), "c.json, line 2: service \"a\" needs a priority, a whole number from 1."),
        (entry("\"port\": 65536"), "c.json, line 2: service \"a\" needs a port from 1 to 65535."),
        (entry("\"port\": \"80\""), "c.json, line 2: service \"a\" needs a port from 1 to 65535."),
        (
            "{\"a\": {\"tier\": 1, \"requires\": \"gpu\", \"priority\": 1, \"port\": 1},\n\"a\": {}}",
            "c.json, line 2: service \"a\" stands there twice: remove one of the two."
        ),
    ])
    func saysWhatIsWrongAndWhere(text: String, sentence: String) {
        let problem = #expect(throws: CatalogueFile.Problem.self) { try CatalogueFile.parse(Array(text.utf8), name: "c.json") }
        #expect(problem?.description == sentence)
    }

    @Test func aFileThatIsNotThereIsOneSentence() {
        let problem = #expect(throws: CatalogueFile.Problem.self) { try CatalogueFile.load("/nonexistent/catalogue.json") }
        #expect(problem?.description.hasPrefix("The catalogue file /nonexistent/catalogue.json cannot be read") == true)
    }

    @Test func keepsTheOrderOfTheFile() throws {
        let text =
            #"{"z": {"tier": 1, "requires": "gpu", "priority": 2, "port": 1}, "#
            + #""a": {"port": 2, "priority": 1, "requires": "edge", "tier": 4}}"#
        let catalogue = try CatalogueFile.parse(Array(text.utf8), name: "c.json")
        #expect(catalogue.entries.map(\.name) == ["z", "a"])
        #expect(catalogue["a"]?.requires == .edge)
    }
}

/// A catalogue of one service on the second line, with one member as given.
private func entry(_ member: String) -> String {
    let name = member.prefix { $0 != ":" }
    let others = ["\"tier\": 1", "\"requires\": \"gpu\"", "\"priority\": 1", "\"port\": 80"].filter { !$0.hasPrefix(name) }
    return "{\n\"a\": {\((others + [member]).joined(separator: ", "))}}"
}
