import Testing
import Wire

/// The TLV stream of a HEAD, and codes.
@Suite struct HeadTests {
    // FRAME-6.1
    @Test func whatIsEmptyOrZeroIsLeftOut() throws {
        #expect(try Head().encode() == [])
        var head = Head()
        head.service = "s"
        #expect(try head.encode() == [0, 4, 0, 1, 0x73])
        head.load = LoadReport()
        #expect(try head.encode() == [0, 4, 0, 1, 0x73, 0, 21, 0, 16] + [UInt8](repeating: 0, count: 16))
    }

    @Test func everyFieldComesBack() throws {
        var head = Head()
        (head.method, head.service, head.worker, head.verb, head.path) = ("mesh.ping", "s", "w", "GET", "/a?b")
        (head.status, head.deadline, head.hops, head.idempotencyKey, head.traceParent) = (200, 1_000, 4, "k", "00-1")
        head.load = LoadReport(inFlight: 1, limit: 2, queued: 3, serviceMicroseconds: 4)
        head.servedBy = "w"
        head.fields = [Head.Field("a", "1"), Head.Field("b", "")]
        #expect(try head.encode().decode(Head.init(decoding:)) == head)
    }

    // FRAME-6.2
    @Test(
        arguments: [
            [0, 4, 0, 0], [0, 24, 0, 0], [0, 12, 0, 2, 0, 0], [0, 14, 0, 4, 0, 0, 0, 0], [0, 16, 0, 1, 0], [0, 99, 0, 0],
        ] as [[UInt8]])
    func shorterFormsAreTheOnlyOnes(bytes: [UInt8]) {
        #expect(throws: WireError.notMinimal) { try bytes.decode(Head.init(decoding:)) }
    }

    // FRAME-6.4
    @Test func fieldsAreNamesAndValuesInTurn() {
        #expect(throws: WireError.badLength(24)) { try ([0, 24, 0, 3, 0, 1, 0x61] as [UInt8]).decode(Head.init(decoding:)) }
        #expect(throws: WireError.badValue(24)) { try ([0, 24, 0, 5, 0, 0, 0, 1, 0x61] as [UInt8]).decode(Head.init(decoding:)) }
    }

    // FRAME-7.2
    @Test func unknownCodesAreJudgedByTheirBit() {
        #expect(!ErrorCode(rawValue: 0x0777).isNotProcessed && ErrorCode(rawValue: 0x0777).httpStatus == 502)
        #expect(ErrorCode(rawValue: 0x8777).isNotProcessed && ErrorCode(rawValue: 0x8777).httpStatus == 502)
        #expect(ErrorCode(rawValue: 0x0013).httpStatus == 503 && ErrorCode(rawValue: 0x8010).name == "cancelled")
    }
}
