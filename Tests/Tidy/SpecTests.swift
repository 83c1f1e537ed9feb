import Foundation
import Testing
import Wire

/// spec/registry.json and the code say the same numbers, and each says all that the other does.
@Suite struct SpecTests {
    private let registry: Registry

    init() throws { registry = try Registry.read() }

    @Test func frameTypesAreThoseOfTheCode() {
        let code = FrameType.allCases.map { "\($0.rawValue) \(Self.plain("\($0)"))" }
        #expect(registry.frames.map { "\($0.code) \(Self.plain($0.name))" }.sorted() == code.sorted())
    }

    @Test func flagsAreThoseOfTheCode() throws {
        let source = try SourceTree.here.file("Sources/Wire/Frames/FrameType.swift").lines
        let code = source.compactMap { $0.firstMatch(of: /static let (\w+) = FrameFlags\(rawValue: (\d+)\)/) }
        #expect(registry.flags.map { "\($0.bit) \($0.name)" }.sorted() == code.map { "\($0.2) \($0.1.uppercased())" }.sorted())
        for frame in registry.frames {
            let type = try #require(FrameType(rawValue: UInt8(frame.code)))
            let bits = registry.flags.filter { frame.flags.contains($0.name) }.reduce(0) { $0 | $1.bit }
            #expect(FrameFlags.defined(for: type).rawValue == UInt8(bits), "\(frame.name)")
            #expect(frame.flags == registry.flags.filter { $0.frames.contains(frame.name) }.map(\.name), "\(frame.name)")
        }
    }

    @Test func datagramTypesAreThoseOfTheCode() {
        let code = (0...UInt8.max).compactMap(DatagramHeader.Kind.init(rawValue:)).map { "\($0.rawValue) \($0)" }
        #expect(registry.datagrams.map { "\($0.code) \($0.name)" } == code)
    }

    @Test func errorsAreThoseOfTheCode() {
        let code = ErrorCode.table.map { "\($0.code.rawValue) \($0.name) \($0.httpStatus)" }
        #expect(registry.errors.map { "\($0.code) \($0.name) \($0.status)" } == code)
        #expect(ErrorCode(rawValue: UInt16(registry.notProcessedBit)).isNotProcessed && registry.notProcessedBit.nonzeroBitCount == 1)
    }

    @Test func suitesAndPatternsAreThoseOfTheCode() throws {
        let code = Suite.allCases.map { "\($0.rawValue) \($0) 25519_\($0.noiseName)_SHA256" }
        #expect(registry.suites.map { "\($0.code) \($0.name) \($0.noise)" } == code)
        for pattern in registry.patterns {
            let known = try #require(Preface.Pattern(rawValue: UInt8(pattern.code)))
            #expect("\(known)" == pattern.name && known.noise.name == pattern.noise && known.clearLength == pattern.clearBytes)
            for suite in registry.suites {
                let preface = Array("WMSH".utf8) + [1, UInt8(suite.code), UInt8(pattern.code), 0]
                let isTaken = (try? Preface(decoding: preface)) != nil
                #expect(isTaken == pattern.suites.contains(suite.code))
            }
        }
        #expect((0...UInt8.max).filter { Preface.Pattern(rawValue: $0) != nil }.count == registry.patterns.count)
    }

    @Test func fixedTextsAreThoseOfTheCode() throws {
        let preface = Preface(suite: .chaChaPoly, pattern: .member)
        #expect(registry.string("magic").map { Array($0.utf8) } == Array(preface.encoded.prefix(4)))
        #expect(registry.string("prologueName").map { Array($0.utf8) } == Array(preface.prologue(clear: []).dropLast(8)))
        #expect(registry.protocol == registry.string("prologueName"))
        let places = [
            "domainPrefix": "Sources/Wire/Identity/Domain.swift", "tokenPrefix": "Sources/Wire/Identity/JoinToken.swift",
            "coordinatorNamePrefix": "Sources/Coordinator/Folder/Authority.swift",
        ]
        for (name, path) in places {
            let text = try #require(registry.string(name))
            #expect(try SourceTree.here.file(path).lines.contains { $0.contains("= \"\(text)\"") }, "\(name)")
        }
        let domains = try SourceTree.here.file("Sources/Wire/Identity/Domain.swift").lines
            .compactMap { $0.firstMatch(of: /static let (\w+) = Domain\("([a-z ]+)"\)/) }.map { "\($0.1) \($0.2)" }
        #expect(registry.domains.map { "\($0.name) \($0.text)" }.sorted() == domains.sorted())
    }

    @Test func methodsAreThoseOfTheCode() throws {
        let code = try SourceTree.here.file("Sources/Wire/Messages/WireMessage.swift").lines
            .compactMap { $0.firstMatch(of: /static let \w+ = "(mesh\.\w+)"/).map { String($0.1) } }
        #expect(!code.isEmpty)
        #expect(registry.methods.map(\.name) == code)
        #expect(code.allSatisfy { $0.hasPrefix(registry.string("methodPrefix") ?? "?") })
    }

    @Test func bitsAndEnumsAreThoseOfTheCode() throws {
        let tree = SourceTree.here
        let features = try tree.file("Sources/Wire/Messages/Records.swift").lines
            .compactMap { $0.firstMatch(of: /static let (\w+) = Features\(rawValue: (\d+)\)/) }.map { "\($0.2) \($0.1)" }
        let roles = try tree.file("Sources/Wire/Identity/Roles.swift").lines
            .compactMap { $0.firstMatch(of: /static let (\w+) = Roles\(rawValue: (\d+)\)/) }.map { "\($0.2) \($0.1)" }
        let notices = try tree.file("Sources/Wire/Messages/Notice+Codec.swift").lines
            .compactMap { $0.firstMatch(of: /static let (\w+) = Kind\(rawValue: (\d+)\)/) }.map { "\($0.2) \($0.1)" }
        #expect(registry.bits.mapValues { $0.map { "\($0.bit) \($0.name)" } } == ["features": features, "roles": roles])
        let code = [
            "workerState": WorkerRecord.State.allCases.map { "\($0.rawValue) \($0)" }, "noticeKind": notices,
            "watchKind": try SwiftConstants.cases("Sources/Wire/Messages/Watch+Codec.swift", "Kind"),
            "capabilityKind": try SwiftConstants.cases("Sources/Wire/Messages/Capabilities+Codec.swift", "Kind"),
            "dhtRefusal": DHTAnswer.Refusal.allCases.map { "\($0.rawValue) \($0)" },
            "storeOutcome": StoreAnswer.Outcome.allCases.map { "\($0.rawValue) \($0)" },
        ]
        #expect(registry.enums.mapValues { $0.map { "\($0.code) \($0.name)" } } == code)
    }

    // CONV-6.2
    /// Every message of the registry has its constants, and every file with such constants its messages.
    @Test func fieldsAreThoseOfTheCode() throws {
        for message in registry.messages {
            let place = try #require(SwiftConstants.places[message.name], "\(message.name) is not in SwiftConstants.places")
            let code = try SwiftConstants.types(place)
            #expect(message.fields.map { "\($0.type) \($0.name)" } == code, "\(message.name)")
        }
        #expect(Set(SwiftConstants.places.keys) == Set(registry.messages.map(\.name)))
        for folder in [
            "Sources/Wire/Messages", "Sources/Wire/Handshake", "Sources/Wire/Identity", "Sources/Wire/Frames", "Sources/Wire/Datagram",
        ] {
            for file in try SourceTree.here.swiftFiles(folder) where file.path != "Sources/Wire/Identity/NodeCredentials.swift" {
                let there = try SwiftConstants.count(file.path)
                let places = SwiftConstants.places.values.filter { $0.path == file.path }
                let known = try places.reduce(0) { try $0 + SwiftConstants.types($1).count }
                #expect(there == known, "\(file.path) has TLV types that the registry does not have")
            }
        }
    }

    @Test func limitsAreThoseOfTheCode() throws {
        let ports = [
            "coordinatorPort": ("Sources/Coordinator/Node/CoordinatorConfiguration.swift", "defaultPort: UInt16 = "),
            "workerPort": ("Sources/Worker/Node/WorkerConfiguration.swift", "listenPort = "),
        ]
        for (name, place) in ports {
            let code = try SourceTree.here.file(place.0).lines.compactMap { $0.split(separator: place.1).last }
                .compactMap { UInt64($0.filter { $0 != "_" }) }
            #expect(code == registry.defaults.filter { $0.name == name }.map(\.value), "\(name)")
        }
        let numbers = (registry.limits + registry.defaults + registry.timers).filter { ports[$0.name] == nil }
        #expect(Set(numbers.map(\.name)).count == numbers.count)
        for number in numbers { #expect(SwiftLimits.values[number.name] == number.value, "\(number.name)") }
        #expect(Set(SwiftLimits.values.keys) == Set(numbers.map(\.name)))
        let declared = try SourceTree.here.file("Sources/Wire/Limits.swift").lines
            .compactMap { $0.firstMatch(of: /static let (\w+)/).map { String($0.1) } }
        let accounted = Set(numbers.map(\.name)).union(SwiftLimits.local)
        for name in declared {
            #expect(accounted.contains(name), "Limits.\(name) is neither in spec/registry.json nor named as local in SwiftLimits")
        }
        #expect(SwiftLimits.local.subtracting(declared).isEmpty)
    }

    @Test func faultsAreThoseOfTheCode() throws {
        let wire = try SwiftConstants.cases("Sources/Wire/Errors/WireError.swift", "WireError").filter { $0 != "certificate" }
        let names = wire + ["wrongPeer", "certificateExpired", "noCertificate", "notAToken", "mistypedToken"]
        #expect(registry.vectorErrors.map(\.name).sorted() == names.map(Self.kebab).sorted())
    }

    @Test func documentsAreAsRendered() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", SourceTree.here.root.appendingPathComponent("spec/render").path, "--check"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "run spec/render")
    }

    /// "MAX_STREAMS" and "maxStreams" are one name.
    private static func plain(_ name: String) -> String { name.filter { $0 != "_" }.uppercased() }

    /// "badLength" is "bad-length".
    private static func kebab(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
    }
}
