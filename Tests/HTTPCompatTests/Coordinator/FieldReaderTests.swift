import NIOCore
import Testing

@testable import HTTPCompat

@Suite struct FieldReaderTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

    @Test func readsWhatFits() throws {
        var fields = FieldReader(
            try json(#"{"t":"x","m":{"a":1},"l":["a","b"],"o":[{"n":1}],"n":"2.5","i":3.0,"null":null,"a":8192}"#))
        #expect(fields.text("t") == "x")
        #expect(fields.map("m") == [.init("a", 1)])
        #expect(fields.optionalTexts("l") == ["a", "b"])
        #expect(fields.optionalMaps("o") == [["n": 1]])
        #expect(fields.optionalNumber("n") == 2.5)
        #expect(fields.optionalInteger("i") == 3)
        #expect(fields.optionalText("null") == nil)
        #expect(fields.optionalText("absent") == nil)
        #expect(fields.optionalAmount("a") == 8_192)
        try fields.check()
    }

    /// The refusal is pydantic's, key for key.
    @Test func namesEveryProblem() throws {
        var fields = FieldReader(try json(#"{"t":5,"l":["a",1],"n":"x","i":1.5,"m":[],"o":{},"b":true}"#))
        _ = fields.text("t")
        _ = fields.text("absent")
        _ = fields.optionalTexts("l")
        _ = fields.optionalNumber("n")
        _ = fields.optionalInteger("i")
        _ = fields.map("m")
        _ = fields.optionalMaps("o")
        _ = fields.optionalAmount("b")
        let refusal = #expect(throws: Refusal.self) { try fields.check() }
        let answer = try #require(refusal?.answer)
        #expect(answer.status == 422)
        let problems = try #require(try JSONValue(parsing: answer.body.readableBytesView)["detail"]?.elements)
        #expect(
            problems.map { $0["type"]?.text } == [
                "string_type", "missing", "string_type", "float_type", "int_type", "dict_type", "list_type", "float_type",
            ])
        #expect(problems.first == ["type": "string_type", "loc": ["body", "t"], "msg": "Input should be a valid string", "input": 5])
        #expect(problems[1]["msg"] == "Field required")
        #expect(problems[1]["loc"] == ["body", "absent"])
        #expect(problems[1]["input"]?["t"] == 5)
        #expect(problems[2]["loc"] == ["body", "l", 1])
    }

    @Test func aBodyThatIsNoObjectIsOneProblem() throws {
        for text in ["[]", "5", "null", "\"x\""] {
            var fields = FieldReader(try json(text))
            _ = fields.text("a")
            _ = fields.map("b")
            _ = fields.optionalTexts("c")
            let refusal = #expect(throws: Refusal.self) { try fields.check() }
            guard case .problems(let problems)? = refusal?.detail else { continue }
            #expect(problems.map(\.type) == ["model_attributes_type"])
        }
    }
}
