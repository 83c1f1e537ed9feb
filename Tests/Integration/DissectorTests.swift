import Foundation
import Testing

extension Integration {
    /// tshark, with the dissector of spec/wireshark and a key log, shows what the program sent.
    @Suite struct Dissector {
        /// The values of each field of one packet, in their order there.
        private typealias Packet = [String: [String]]

        private static let fields = [
            "wiremesh.handshake", "wiremesh.suite", "wiremesh.record", "wiremesh.plaintext", "wiremesh.frame.type", "wiremesh.frame.stream",
            "wiremesh.frame.length", "wiremesh.head.service", "wiremesh.head.path", "wiremesh.head.status", "wiremesh.head.field",
            "wiremesh.data.raw_size", "wiremesh.data", "_ws.col.Info",
        ]

        /// `nil` while the last packet is only half written.
        private func dissect(_ capture: String, keys: String) async throws -> [Packet]? {
            let script = Places.root.appending(path: "spec/wireshark/wiremesh.lua").path
            let command =
                ["tshark", "-2", "-X", "lua_script:\(script)", "-r", capture, "-Y", "wiremesh", "-T", "fields", "-E", "aggregator=;"]
                + Self.fields.flatMap { ["-e", $0] }
            let done = try await Sandbox.current.run(command, environment: ["WIREMESH_KEYLOG": keys])
            if done.errors.contains("cut short") { return nil }
            guard done.code == 0 else { throw Failure("tshark \(done.exit): \(done.errors)") }
            return done.output.split(separator: "\n").map { line in
                let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                return Dictionary(uniqueKeysWithValues: zip(Self.fields, cells.map { $0.isEmpty ? [] : $0.components(separatedBy: ";") }))
            }
        }

        /// A request of 40,000 bytes that LZ4 makes small, from host "a" to host "b", captured on "a".
        @Test func showsWhatWasSent() async throws {
            let capture = Sandbox.current.path("capture.pcapng")
            let keys = Sandbox.current.path("keys")
            let hosts = try await ThreeHosts.start(environment: ["WIREMESH_KEYLOG": keys]) { on in
                let dumpcap = try Sandbox.current.start("dumpcap", on("a") + ["dumpcap", "-i", "any", "-f", "tcp", "-w", capture])
                try await until("dumpcap should capture") { dumpcap.errors.contains("File:") }
            }
            let body = String(repeating: "the same words again and again, ", count: 1_250)
            let answer = try await curl(
                hosts.a.url("demo", "/seen/deep?x=1"), "-X", "PUT", "-d", body, "-H", "X-Kept: yes", "-H", "Content-Type: text/plain",
                prefix: hosts.a.prefix)
            #expect(answer.status == 200)
            let packets: [Packet] = try await eventually("the capture should hold the answer") {
                guard let packets = try await dissect(capture, keys: keys) else { return nil }
                return packets.contains { $0["wiremesh.head.status"] == ["200"] && $0["wiremesh.data"] != [] } ? packets : nil
            }

            try await compareWithDecode(packets)
            #expect(Set(packets.flatMap { $0["wiremesh.handshake"] ?? [] }) == ["1", "2", "3"])
            let asked = try #require(packets.first { $0["wiremesh.head.service"] == ["demo"] })
            #expect(asked["wiremesh.head.path"] == ["/seen/deep?x=1"])
            #expect(asked["wiremesh.head.field"]?.contains("x-kept: yes") == true)
            let sent = packets.drop { $0["wiremesh.head.service"] != ["demo"] }
            #expect(sent.contains { $0["wiremesh.data.raw_size"] != [] })
            #expect(
                sent.flatMap { $0["wiremesh.data"] ?? [] }.joined().contains(Data(body.utf8).map { String(format: "%02x", $0) }.joined()))
        }

        /// The frames that tshark found in each record are those that the program itself finds in it.
        private func compareWithDecode(_ packets: [Packet]) async throws {
            var compared = 0
            for packet in packets {
                let records = packet["wiremesh.plaintext"] ?? []
                guard !records.isEmpty, packet["wiremesh.handshake"] == [] else { continue }
                var frames: [String] = []
                for record in records {
                    let decoded = try await Sandbox.current.run([Places.wiremesh, "decode", record])
                    #expect(decoded.code == 0, "\(decoded.errors)")
                    for line in decoded.output.split(separator: "\n") where line.first != " " {
                        let cells = line.split(separator: " ")
                        frames.append(cells[2] == "stream" ? "\(cells[1])[\(cells[3])]" : "\(cells[1])")
                    }
                }
                #expect(packet["_ws.col.Info"]?.joined(separator: ";").replacing(", ", with: " ") == frames.joined(separator: " "))
                compared += 1
            }
            #expect(compared > 10)
        }
    }
}
