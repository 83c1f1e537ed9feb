import Foundation
import Testing
import Wire

/// The codecs keep to what spec/registry.json says of each field: encoding, bounds, presence. Its probes are made from the registry
/// alone, by a program that knows no codec (spec/python/tests/probes.py), and the Python implementation answers the same ones.
@Suite struct FieldTests {
    /// Reads a message and writes it again; `nil` for what is only read.
    private typealias Codec = ([UInt8]) throws(WireError) -> [UInt8]?

    // CONV-6.2
    @Test func codecsKeepToWhatTheRegistrySaysOfEachField() throws {
        let codecs = Self.others.merging(Self.messages) { $1 }
        var probed: [String: Int] = [:]
        for line in try Self.probes() {
            let words = line.split(separator: " ")
            let name = String(words[0])
            let codec = try #require(codecs[name], "no codec for \(name)")
            let bytes = words[1] == "=" ? [] : try #require([UInt8](hex: words[1]))
            let (fault, again) = Self.outcome(bytes, codec)
            #expect(fault == words[2], "\(name) \(words[1].prefix(800))")
            // A message that was filled up has a field that nobody knows, and that is not written again.
            if fault == "-", let again, again.count > bytes.count / 2 { #expect(again == bytes, "\(name)") }
            probed[name, default: 0] += 1
        }
        #expect(Set(probed.keys) == Set(codecs.keys) && probed.values.allSatisfy { $0 > 3 })
    }

    private static func probes() throws -> [Substring] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", SourceTree.here.root.appendingPathComponent("spec/python/tests/probes.py").path, "EnrolAnswer.certificate",
        ]
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return text.split(separator: "\n")
    }

    /// The name of the fault, "-" for none; and what was written.
    private static func outcome(_ bytes: [UInt8], _ codec: Codec) -> (fault: String, again: [UInt8]?) {
        do throws(WireError) {
            return ("-", try codec(bytes))
        } catch {
            return (name(error), nil)
        }
    }

    private static func name(_ error: WireError) -> String {
        switch error {
        case .truncated: "truncated"
        case .oversized: "oversized"
        case .unordered: "unordered"
        case .unknownCritical: "unknown-critical"
        case .badLength: "bad-length"
        case .badValue: "bad-value"
        case .missing: "missing"
        case .notMinimal: "not-minimal"
        default: "\(error)"
        }
    }

    private static var others: [String: Codec] {
        [
            "HandshakePayload": { (bytes) throws(WireError) in try bytes.decode(HandshakePayload.init(decoding:)).encoded() },
            "LinkParameters": { (bytes) throws(WireError) in
                var writer = TLVWriter()
                try bytes.decode(LinkParameters.init(decoding:)).write(to: &writer)
                return try writer.finish()
            },
            "Certificate": { (bytes) throws(WireError) in try Certificate(decoding: bytes).encoded },
            "JoinToken": { (bytes) throws(WireError) in
                _ = try bytes.decode(JoinToken.init(decoding:))
                return nil
            },
            "Head": { (bytes) throws(WireError) in try bytes.decode(Head.init(decoding:)).encode() },
            "DatagramHello": { (bytes) throws(WireError) in
                _ = try bytes.decode(DatagramHello.init(decoding:))
                return nil
            },
            "DatagramWelcome": { (bytes) throws(WireError) in
                _ = try bytes.decode(DatagramWelcome.init(decoding:))
                return nil
            },
            // The first message of a sequence.
            "DiscoverAnswer": { (bytes) throws(WireError) in
                let answer = try DiscoverAnswer(try MessageSequence.framed(bytes))
                return Array(try answer.encode().dropFirst(4))
            },
        ]
    }

    private static var messages: [String: Codec] {
        [
            "EnrolRequest": codec(EnrolRequest.self), "EnrolAnswer": codec(EnrolAnswer.self), "RenewRequest": codec(RenewRequest.self),
            "Registration": codec(Registration.self), "RegistrationAccepted": codec(RegistrationAccepted.self),
            "ServiceRecord": codec(ServiceRecord.self), "LoadUpdate": codec(LoadUpdate.self), "ServiceLoad": codec(ServiceLoad.self),
            "ServiceSummary": codec(ServiceSummary.self), "DiscoverRequest": codec(DiscoverRequest.self),
            "ResolveRequest": codec(ResolveRequest.self), "WorkerRecord": codec(WorkerRecord.self),
            "WatchRequest": codec(WatchRequest.self),
            "WatchEvent": codec(WatchEvent.self), "Notice": codec(Notice.self), "RelayRecord": codec(RelayRecord.self),
            "CircuitRequest": codec(CircuitRequest.self), "Contact": codec(Contact.self), "ProviderEntry": codec(ProviderEntry.self),
            "DHTRequest": codec(DHTRequest.self), "DHTAnswer": codec(DHTAnswer.self), "Introduction": codec(Introduction.self),
            "UnreachableHint": codec(UnreachableHint.self), "Pong": codec(Pong.self), "FindRequest": codec(FindRequest.self),
            "FindAnswer": codec(FindAnswer.self), "HeldEntry": codec(HeldEntry.self), "StoreRequest": codec(StoreRequest.self),
            "StoreAnswer": codec(StoreAnswer.self), "SyncRequest": codec(SyncRequest.self), "SyncAnswer": codec(SyncAnswer.self),
            "ViewEntry": codec(ViewEntry.self),
        ]
    }

    private static func codec<M: WireMessage>(_: M.Type) -> Codec {
        { (bytes) throws(WireError) in try M(bytes).encode() }
    }
}
