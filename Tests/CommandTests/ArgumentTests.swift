import Testing

@testable import wiremesh

@Suite struct ArgumentTests {
    @Test(arguments: [
        ("30", Duration.seconds(30)), ("30s", .seconds(30)), ("500ms", .milliseconds(500)), ("1.5m", .seconds(90)),
        ("1h", .seconds(3_600)), ("2d", .seconds(172_800)),
    ])
    func durationsHaveUnits(text: String, duration: Duration) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }

    @Test(arguments: ["", "s", "-1s", "1x", "1 s", "99999d", "1e9s", "nan"])
    func whatIsNotADurationIsRefused(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test func addressesHaveAPort() {
        #expect(ListenAddress(argument: "127.0.0.1:0") == ListenAddress(host: "127.0.0.1", port: 0))
        #expect(ListenAddress(argument: "[::1]:7700")?.host == "::1")
        #expect(ListenAddress(argument: "[::1]:7700")?.description == "[::1]:7700")
        for text in ["127.0.0.1", ":80", "a:b", "1.2.3.4:70000", "::1:80"] { #expect(ListenAddress(argument: text) == nil, "\(text)") }
    }

    @Test func dataIsTextFileOrStandardInput() throws {
        #expect(DataArgument("hello") == .text("hello"))
        #expect(DataArgument("@body.json") == .file("body.json"))
        #expect(DataArgument("-") == .standardInput)
        #expect(try DataArgument("hello").read() == Array("hello".utf8))
        #expect(throws: Failure.self) { try DataArgument("@/no/such/file").read() }
    }
}
