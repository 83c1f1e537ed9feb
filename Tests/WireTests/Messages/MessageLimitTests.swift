import Testing
import Wire

/// Limits, on the way out and on the way in.
@Suite struct MessageLimitTests {
    // CONV-4.9
    @Test(arguments: ["", ".", "..", "a b", "a/b", "ü", String(repeating: "a", count: 129)])
    func badNamesAreNeitherWrittenNorRead(name: String) throws {
        #expect(!Name.isValid(name))
        #expect(throws: WireError.badValue(2)) { try ResolveRequest(name: name).encode() }
        var writer = TLVWriter()
        writer.put(2, name)
        let bytes = try writer.finish()
        #expect(throws: WireError.self) { try ResolveRequest(bytes) }
    }

    // MSG-5.3
    @Test func aRecordTooLargeIsNotWritten() {
        var record = WorkerRecord(name: "w")
        for index in 0..<100 { record.capabilities["key-\(index)"] = .text(String(repeating: "x", count: 1_024)) }
        #expect(throws: WireError.oversized) { try record.encode() }
        #expect(throws: WireError.oversized) { try WorkerRecord([UInt8](repeating: 0, count: Limits.record + 1)) }
    }

    /// What is nested may be longer than a key or a text.
    @Test func nestedCapabilitiesHaveALimitOfTheirOwn() throws {
        func json(_ bytes: Int) -> CapabilityValue { .json("[\"" + String(repeating: "x", count: bytes - 4) + "\"]") }
        var record = WorkerRecord(name: "w")
        record.capabilities = ["models": json(Limits.capabilityJSON)]
        #expect(try WorkerRecord(record.encode()) == record)
        record.capabilities = ["models": json(Limits.capabilityJSON + 1)]
        #expect(throws: WireError.badLength(19)) { try record.encode() }
        record.capabilities = ["models": .text(String(repeating: "x", count: Limits.capabilityText + 1))]
        #expect(throws: WireError.badLength(19)) { try record.encode() }
        record.capabilities = Dictionary(uniqueKeysWithValues: (0..<4).map { ("models-\($0)", json(Limits.capabilityJSON)) })
        #expect(throws: WireError.oversized) { try record.encode() }
    }

    @Test func nestedCapabilitiesThatAreTooLongAreNotRead() throws {
        let key: [UInt8] = [0, 1, UInt8(ascii: "k")]
        for (kind, limit) in [(UInt8(4), Limits.capabilityText), (5, Limits.capabilityJSON)] {
            for (length, fits) in [(limit, true), (limit + 1, false)] {
                var writer = TLVWriter()
                writer.put(2, UInt64(1))
                writer.put(6, UInt16(0))
                writer.put(13, list: [key + [kind] + [UInt8](repeating: UInt8(ascii: "1"), count: length)])
                let bytes = try writer.finish()
                #expect((try? Registration(bytes)) != nil || !fits)
                if !fits { #expect(throws: WireError.self) { try Registration(bytes) } }
            }
        }
    }

    // CONV-4.6
    @Test func tooManyServicesAreRefused() throws {
        var registration = Registration(bootEpoch: 1)
        registration.services = (0...Limits.services).map { ServiceRecord(name: "s\($0)") }
        #expect(throws: WireError.oversized) { try registration.encode() }
        var writer = TLVWriter()
        writer.put(14, list: try registration.services.sorted { $0.name < $1.name }.map { try $0.encode() })
        let bytes = try writer.finish()
        #expect(throws: WireError.oversized) { try Registration(bytes) }
    }

    // CONV-4.15
    @Test func aServiceTwiceIsRefused() throws {
        var registration = Registration(bootEpoch: 1)
        registration.services = [ServiceRecord(name: "s"), ServiceRecord(name: "s")]
        #expect(throws: WireError.badValue(14)) { try registration.encode() }
        let element = try ServiceRecord(name: "s").encode()
        var writer = TLVWriter()
        writer.put(14, list: [element, element])
        let bytes = try writer.finish()
        #expect(throws: WireError.unordered(14)) { try Registration(bytes) }
    }

    // CONV-4.8
    @Test func emptyListsHaveAShorterForm() throws {
        var writer = TLVWriter()
        writer.put(2, bytes: [])
        let bytes = try writer.finish()
        #expect(throws: WireError.notMinimal) { try LoadUpdate(bytes) }
        #expect(throws: WireError.notMinimal) { try WatchRequest(bytes) }
    }

    @Test func numbersThatJSONCannotSayAreRefused() {
        var record = WorkerRecord(name: "w")
        record.capabilities = ["x": .double(.nan)]
        #expect(throws: WireError.badValue(19)) { try record.encode() }
        record.capabilities = ["x": .double(.infinity)]
        #expect(throws: WireError.badValue(19)) { try record.encode() }
    }

    // CONV-4.10
    @Test func endpointsHaveOneText() throws {
        var writer = TLVWriter()
        writer.put(2, bytes: [1])
        writer.put(4, list: [[UInt8]("10.0.0.1:07700".utf8)])
        let bytes = try writer.finish()
        #expect(throws: WireError.badValue(4)) { try EnrolAnswer(bytes) }
    }

    // MSG-6.5
    @Test func fieldsOfAnotherKindOfEventAreRefused() throws {
        var writer = TLVWriter()
        writer.put(2, UInt8(3))
        writer.put(4, UInt64(1))
        writer.put(6, "w")
        writer.put(8, bytes: try WorkerRecord(name: "w").encode())
        let bytes = try writer.finish()
        #expect(throws: WireError.badValue(8)) { try WatchEvent(bytes) }
    }
}
