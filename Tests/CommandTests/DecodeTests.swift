import Testing
import Wire

@testable import wiremesh

@Suite struct DecodeTests {
    @Test func framesBecomeText() throws {
        let frames = try #require([UInt8](hex: "000500010000000168656c6c6f" + "00080c00000000000000000000000007"))
        #expect(
            try FrameText.lines(frames) == [
                "0       DATA         stream 1        5 bytes  END", "        'hello'",
                "13      PING         link            8 bytes", "        number 7",
            ])
    }

    @Test func aHeadShowsItsFields() throws {
        var head = Head()
        head.service = "echo"
        head.deadline = 250
        head.fields = [Head.Field("content-type", "text/plain")]
        let payload = try head.encode()
        let frame = [0, UInt8(payload.count), FrameType.head.rawValue, 0, 0, 0, 0, 3] + payload
        let lines = try FrameText.lines(frame)
        #expect(lines.dropFirst() == ["        service echo", "        deadline 250 ms", "        content-type: text/plain"])
    }

    @Test func codesHaveTheirNames() throws {
        let reset = try #require([UInt8](hex: "00060a00000000038013000003e8"))
        #expect(try FrameText.lines(reset)[1] == "        code 0x8013 overloaded, not processed")
    }

    @Test(arguments: ["00", "0005000100000001", "0001040000000000ff", "000402000000000100020001"])
    func whatIsNoFrameIsAFailureThatSaysWhere(hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        let failure = #expect(throws: Failure.self) { try FrameText.lines(bytes) }
        #expect(failure?.sentence.contains("At byte 0") == true)
    }

    @Test func controlCharactersOfABodyDoNotReachTheTerminal() throws {
        let lines = try FrameText.lines([0, 2, 0, 0, 0, 0, 0, 1, 10, 65])
        #expect(lines[1] == "        '?A'")
    }
}
