import FuzzKit
import NIOCore
import NIOHTTP1
import Transport

@testable import Coordinator
@testable import HTTPCompat
@testable import Wire

extension FuzzTarget {
    /// The head of a request, on its way through the doors and into the mesh.
    static let request = FuzzTarget("Request", seeds: HTTPSeeds.requests) { input in
        let isLoopback = input.flag()
        guard let head = RequestRun.head(input.rest()), FrontCore.refuse(head) == nil else { return }
        precondition(head.headers["host"].count <= 1 && head.headers["transfer-encoding"].count <= 1, "a request with two meanings")
        var configuration = FrontConfiguration(port: 0)
        configuration.allowedOrigins = ["http://page.example"]
        let request = FrontRequest(method: head.method, target: head.uri, headers: head.headers)
        precondition(request.path.utf8.first == UInt8(ascii: "/"))
        let door = FrontGuard(configuration: configuration, tokens: nil, isLoopback: isLoopback)
        guard case .pass = door.judge(request) else { return }
        guard let path = ServicePath(request.path) else { return }
        precondition(Name.isValid(path.service))
        guard let forwarded = try? ForwardedHead.make(request, service: path.service, path: path.rest) else { return }
        RequestRun.check(forwarded)
    }

    /// Small texts: URLs, waits, targets, Host fields.
    static let text = FuzzTarget("Text", seeds: HTTPSeeds.texts) { input in
        let text = String(decoding: input.bytes, as: UTF8.self)
        if let url = try? UpstreamURL(text) {
            precondition(!url.host.isEmpty && (0...65_535).contains(url.port))
            guard let again = try? UpstreamURL(url.text) else { fatalError("read what cannot be written") }
            precondition(again.host == url.host && again.port == url.port && again.isSecure == url.isSecure)
        }
        if let milliseconds = TimeText.milliseconds(text) {
            precondition(milliseconds > 0 && milliseconds <= Limits.maximumDeadline.wholeMilliseconds)
        }
        if let decoded = TargetText.decode(segment: text[...]) { precondition(decoded.utf8.count <= text.utf8.count) }
        _ = TargetText.parameter("region", in: text[...])
        let asker = Asker(host: text, isSecure: true, remote: nil, query: text[...], fallback: "fallback", regionOf: { _ in nil })
        precondition(asker.coordinatorURL.utf8.allSatisfy { $0 > 32 && $0 < 127 })
        precondition(FrontConfiguration.origins(text).allSatisfy { !$0.isEmpty })
        _ = HostClass(text)
    }

    /// One request and its answer: an answer that is not whole never looks whole.
    static let turn = FuzzTarget("Turn") { input in
        var turn = FrontTurn(isHead: input.flag(), speaks11: input.flag(), keepsAlive: input.flag(), awaitsContinue: input.flag())
        var promised: UInt64?
        var framing: FrontTurn.Framing?
        var sent: UInt64 = 0
        while !input.isEmpty {
            switch input.choice(8) {
            case 0 where framing == nil:
                promised = input.flag() ? UInt64(input.word()) : nil
                framing = turn.answerBegins(status: [200, 204, 304, 500][input.choice(4)], length: promised)
                precondition(turn.speaks11 || framing != .chunked, "chunks for HTTP/1.0")
                precondition(!turn.isHead || framing == FrontTurn.Framing.none)
            case 1, 2:
                let count = input.word()
                switch turn.answerData(count) {
                case .plain, .chunk: sent += UInt64(count)
                case .drop: precondition(framing == nil || framing == FrontTurn.Framing.none || count == 0 || turn.answerIsWhole)
                case .abort: return precondition(sent + UInt64(count) > promised ?? 0)
                }
                if case .length(let length)? = framing { precondition(sent <= length, "more than was promised") }
            case 3:
                let wasWhole = turn.answerIsWhole
                switch turn.answerEnded() {
                case .abort: return
                case .silent: if case .length(let length)? = framing { precondition(sent == length, "an answer ended short") }
                case .lastChunk: precondition(framing == .chunked)
                }
                precondition(!wasWhole && turn.answerIsWhole)
            case 4: turn.requestEnded()
            case 5: if turn.unwantedBody(input.word()) == .close { precondition(!turn.keepsAlive) }
            case 6: if turn.bodyIsWanted() { precondition(turn.speaks11 && !turn.requestIsWhole) }
            default:
                if turn.failed() == .answer { precondition(turn.answerIsAwaited && sent == 0) }
                if input.byte() == 0 { precondition(turn.inputClosed() != .gone || !turn.keepsAlive) }
            }
            precondition(turn.isOver == (turn.requestIsWhole && turn.answerIsWhole))
        }
    }
}

private enum RequestRun {
    /// Lines, cut as a parser would: the parser itself is SwiftNIO's.
    static func head(_ bytes: [UInt8]) -> HTTPRequestHead? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let first = lines.first else { return nil }
        let words = first.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2 else { return nil }
        var head = HTTPRequestHead(
            version: words.count == 2 ? .http1_1 : .http1_0, method: HTTPMethod(rawValue: String(decoding: words[0], as: UTF8.self)),
            uri: String(decoding: words[1], as: UTF8.self))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            guard FieldText.isName(name) else { continue }
            head.headers.add(name: name, value: String(decoding: line[(colon + 1)...].drop { $0 == 32 }, as: UTF8.self))
        }
        return head
    }

    static func check(_ head: Head) {
        precondition(ForwardedHead.fits(head) && head.hops <= Limits.hops && head.path.utf8.first == UInt8(ascii: "/"))
        for field in head.fields {
            precondition(!HopByHop.contains(field.name) && !field.name.hasPrefix("wiremesh-") && field.name != "host", "passed on")
            precondition(field.name == field.name.lowercased())
        }
        guard let bytes = try? head.encode() else { fatalError("what was let through cannot be sent") }
        precondition(bytes.count <= Limits.headSize)
        guard let again = try? bytes.decode({ span throws(WireError) in try Head(decoding: span) }) else {
            fatalError("sent what cannot be read")
        }
        precondition(again.fields == head.fields && again.path == (head.path == "/" ? again.path : head.path))
    }
}
