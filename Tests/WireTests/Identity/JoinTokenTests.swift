import MeshTestKit
import Testing
import Wire

@Suite struct JoinTokenTests {
    private static func sample(_ endpoints: [Endpoint] = [Endpoint(host: "10.0.0.1", port: 7700)]) throws -> JoinToken {
        var mesh = try Mesh()
        var token = try mesh.token()
        token.endpoints = endpoints
        return token
    }

    // TOKEN-1.1
    @Test(arguments: [
        [], ["10.0.0.1:7700"], ["mesh.example.org:7700", "[2001:db8::1]:1", "192.168.1.2:65535"], Array(repeating: "a:1", count: 8),
    ])
    func aTokenIsOneWordAndComesBack(endpoints: [String]) throws {
        let token = try Self.sample(endpoints.compactMap { Endpoint($0) })
        let text = try token.text()
        #expect(text.hasPrefix("wmj1_"))
        #expect(text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "=") })
        for written in [text, "  \(text)\r\n", "\t" + text] {
            let read = try JoinToken(written)
            #expect(read.id == token.id && read.secret.equals(token.secret) && read.authority == token.authority)
            #expect(read.endpoints.map(\.description) == endpoints)
        }
    }

    @Test func theLongestTokenIsWithinTheLimit() throws {
        let longest = Endpoint(host: String(repeating: "h", count: Limits.endpoint - 6), port: 65_535)
        let text = try Self.sample(Array(repeating: longest, count: Limits.endpoints)).text()
        #expect(text.utf8.count <= Limits.token)
        #expect(try JoinToken(text).endpoints.count == Limits.endpoints)
        let many = try Self.sample(Array(repeating: longest, count: Limits.endpoints + 1))
        #expect(throws: WireError.oversized) { try many.text() }
    }

    // TOKEN-1.4
    /// Every single slip is found: a character altered, left out, doubled or changed with its neighbour.
    @Test func anySlipIsATypo() throws {
        let text = Array(try Self.sample().text().utf8)
        for position in 5..<text.count {
            var wrong: [[UInt8]] = []
            for letter in Array("Aa0_-".utf8) where letter != text[position] {
                var altered = text
                altered[position] = letter
                wrong.append(altered)
            }
            wrong.append(Array(text[..<position] + text[(position + 1)...]))
            wrong.append(Array(text[...position] + text[position...]))
            if position + 1 < text.count, text[position] != text[position + 1] {
                var swapped = text
                swapped.swapAt(position, position + 1)
                wrong.append(swapped)
            }
            for slip in wrong {
                #expect(throws: TokenError.mistyped) { try JoinToken(String(decoding: slip, as: UTF8.self)) }
            }
        }
        for length in 5..<text.count {
            #expect(throws: TokenError.mistyped) { try JoinToken(String(decoding: text.prefix(length), as: UTF8.self)) }
        }
    }

    // TOKEN-1.2
    @Test(arguments: ["", " ", "hello", "wmj2_AAAA", "WMJ1_AAAA", "wmj1", "https://example.org/wmj1_AAAA"])
    func somethingElseIsNotAToken(text: String) {
        #expect(throws: TokenError.notAToken) { try JoinToken(text) }
    }

    // TOKEN-1.3
    @Test(arguments: ["wmj1_", "wmj1_A", "wmj1_AAAA", "wmj1_ä", "wmj1_AA AA", "wmj1_" + String(repeating: "A", count: 10_000)])
    func aBrokenTokenIsMistyped(text: String) {
        #expect(throws: TokenError.mistyped) { try JoinToken(text) }
    }

    @Test func errorsAreSentencesThatSayWhatToDo() {
        for error in [TokenError.notAToken, .mistyped, .unreadable(.truncated)] {
            #expect(error.description.hasSuffix(".") && error.description.contains("oken"))
        }
    }

    @Test func idsAreOfSixteenBytes() {
        #expect(TokenID([UInt8](repeating: 1, count: 15)) == nil && TokenID([]) == nil)
        #expect(TokenID(Array(0..<16))?.bytes == Array(0..<16))
        #expect(TokenID(Array(0..<16))?.description == "000102030405060708090a0b0c0d0e0f")
    }
}
