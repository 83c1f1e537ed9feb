import Wire

/// Requests of the mesh's methods that cannot be read: each fault of each encoding, refused as bad request.
enum RequestCases {
    static let all: [ConformanceCase] = registration + services + capabilities + discovery + renewal + watch

    /// The stream is reset with *bad request*, the link goes on.
    private static func refused(
        _ method: String, _ name: String, _ title: String, _ clauses: [String], needs: Set<Feature> = [],
        _ body: @autoclosure @escaping @Sendable () -> [UInt8]
    ) -> ConformanceCase {
        let short = method.dropFirst("mesh.".count)
        return ConformanceCase(
            "request/\(short)-\(name)", "refuses a request of \(method) \(title)", clauses + ["MSG-1.4"], needs: needs.union([.coordinator])
        ) { scene in
            let link = try await scene.link()
            try await link.expectRefused(try link.call(method, body()), .badRequest)
            try await link.expectService()
        }
    }

    private static let base = RawTLV([(2, [0, 0, 0, 1, 0, 0, 0, 1]), (6, [0, 0])])

    private static func with(_ type: UInt16, _ value: [UInt8]?) -> [UInt8] {
        var fields = base
        fields[type] = value
        return fields.encoded
    }

    private static let registration: [ConformanceCase] = [
        refused(MeshMethod.register, "empty", "without a byte", ["CONV-3.6"], [0]),
        refused(MeshMethod.register, "no-epoch", "without bootEpoch", ["CONV-3.6"], with(2, nil)),
        refused(MeshMethod.register, "no-port", "without listenPort", ["CONV-3.6"], with(6, nil)),
        refused(MeshMethod.register, "short-epoch", "whose bootEpoch has 7 bytes", ["CONV-4.1"], with(2, [UInt8](repeating: 1, count: 7))),
        refused(MeshMethod.register, "long-port", "whose listenPort has 4 bytes", ["CONV-4.1"], with(6, [0, 0, 0, 1])),
        refused(MeshMethod.register, "twice", "with a field twice", ["CONV-3.2"], base.encoded + base.encoded),
        refused(
            MeshMethod.register, "backwards", "in the wrong order", ["CONV-3.2"],
            RawTLV(base.fields.reversed().map { ($0.type, $0.value) }).encoded),
        refused(MeshMethod.register, "unknown-even", "with an unknown even field", ["CONV-3.4"], with(16, [1])),
        refused(MeshMethod.register, "cut", "that ends within a field", ["CONV-3.5"], Array(base.encoded.dropLast())),
        refused(MeshMethod.register, "trailing", "with bytes behind the last field", ["CONV-3.5"], base.encoded + [0]),
        refused(MeshMethod.register, "no-endpoints", "with an empty list of endpoints", ["CONV-4.8"], with(4, [])),
        refused(
            MeshMethod.register, "many-endpoints", "with 9 endpoints", ["CONV-4.6"],
            with(4, RawTLV.list((1...9).map { Array("10.0.0.\($0):1".utf8) }))),
        refused(
            MeshMethod.register, "endpoint-no-port", "with an endpoint without a port", ["CONV-4.10"],
            with(4, RawTLV.list([Array("host".utf8)]))),
        refused(
            MeshMethod.register, "endpoint-zeroes", "with an endpoint that is not in its one form", ["CONV-4.10"],
            with(4, RawTLV.list([Array("host:007".utf8)]))),
        refused(
            MeshMethod.register, "endpoint-space", "with a space in an endpoint", ["CONV-4.10"], with(4, RawTLV.list([Array("a b:1".utf8)]))
        ),
        refused(MeshMethod.register, "endpoint-cut", "whose list of endpoints ends within an element", ["CONV-4.5"], with(4, [0, 9, 97])),
        refused(MeshMethod.register, "url-scheme", "whose tunnelURL is no HTTP URL", ["MSG-3.3"], with(8, Array("ftp://a".utf8))),
        refused(MeshMethod.register, "url-space", "with a space in its tunnelURL", ["MSG-3.3"], with(8, Array("http://a b".utf8))),
        refused(
            MeshMethod.register, "url-long", "whose tunnelURL has 2,049 bytes", ["CONV-4.3"],
            with(8, Array("http://".utf8) + [UInt8](repeating: 0x61, count: 2_042))),
        refused(
            MeshMethod.register, "region-long", "whose region has 65 bytes", ["CONV-4.3"], with(9, [UInt8](repeating: 0x61, count: 65))),
        refused(MeshMethod.register, "zone-not-utf8", "whose zone is not UTF-8", ["CONV-4.2"], with(11, [0xff])),
    ]

    // MARK: Services and capabilities

    private static func service(_ name: String, healthy: [UInt8] = [1], limit: [UInt8] = [0, 0, 0, 0], compress: [UInt8] = [1]) -> RawTLV {
        RawTLV([(2, Array(name.utf8)), (4, healthy), (6, limit), (8, compress)])
    }

    private static func list(_ services: RawTLV...) -> [UInt8] { with(14, RawTLV.list(services.map(\.encoded))) }

    private static let services: [ConformanceCase] = [
        refused(MeshMethod.register, "services-none", "with an empty list of services", ["CONV-4.8"], with(14, [])),
        refused(MeshMethod.register, "services-unsorted", "whose services are not sorted", ["CONV-4.15"], list(service("b"), service("a"))),
        refused(MeshMethod.register, "services-twice", "with a service twice", ["CONV-4.15"], list(service("a"), service("a"))),
        refused(MeshMethod.register, "service-bad-name", "with a service whose name is none", ["CONV-4.9"], list(service("-a"))),
        refused(MeshMethod.register, "service-name-space", "with a space in a service's name", ["CONV-4.9"], list(service("a b"))),
        refused(
            MeshMethod.register, "service-long-name", "with a service whose name has 129 bytes", ["CONV-4.3"],
            list(service(String(repeating: "a", count: 129)))),
        refused(MeshMethod.register, "service-flag", "with a flag of 2", ["CONV-4.4"], list(service("a", healthy: [2]))),
        refused(MeshMethod.register, "service-flag-width", "with a flag of two bytes", ["CONV-4.1"], list(service("a", compress: [0, 1]))),
        refused(
            MeshMethod.register, "service-no-limit", "with a service without a limit", ["CONV-3.6"],
            with(14, RawTLV.list([RawTLV([(2, [97]), (4, [1]), (8, [1])]).encoded]))),
        refused(
            MeshMethod.register, "services-many", "with 257 services", ["CONV-4.6"],
            with(14, RawTLV.list((100..<357).map { service("s\($0)").encoded }))),
    ]

    private static func capability(_ key: String, _ kind: UInt8, _ value: [UInt8]) -> [UInt8] {
        be16(key.utf8.count) + Array(key.utf8) + [kind] + value
    }

    private static let capabilities: [ConformanceCase] = [
        refused(MeshMethod.register, "capabilities-none", "with an empty list of capabilities", ["CONV-4.8"], with(13, [])),
        refused(
            MeshMethod.register, "capabilities-unsorted", "whose capabilities are not sorted", ["CONV-4.15"],
            with(13, RawTLV.list([capability("b", 1, [1]), capability("a", 1, [1])]))),
        refused(
            MeshMethod.register, "capability-kind", "with a capability of an unknown kind", ["CONV-4.11"],
            with(13, RawTLV.list([capability("a", 9, [1])]))),
        refused(
            MeshMethod.register, "capability-flag", "with a capability that is a flag of 2", ["CONV-4.4"],
            with(13, RawTLV.list([capability("a", 1, [2])]))),
        refused(
            MeshMethod.register, "capability-int", "with an integer of 7 bytes", ["MSG-4.1"],
            with(13, RawTLV.list([capability("a", 2, [UInt8](repeating: 1, count: 7))]))),
        refused(
            MeshMethod.register, "capability-nan", "with a double that is no number", ["MSG-4.2"],
            with(13, RawTLV.list([capability("a", 3, bigEndian(Double.nan.bitPattern))]))),
        refused(
            MeshMethod.register, "capability-infinity", "with a double that is infinite", ["MSG-4.2"],
            with(13, RawTLV.list([capability("a", 3, bigEndian(Double.infinity.bitPattern))]))),
        refused(
            MeshMethod.register, "capability-no-key", "with a capability without a key", ["MSG-4.1"],
            with(13, RawTLV.list([capability("", 1, [1])]))),
        refused(
            MeshMethod.register, "capability-long-text", "with a text of 1,025 bytes", ["MSG-4.1"],
            with(13, RawTLV.list([capability("a", 4, [UInt8](repeating: 0x61, count: 1_025))]))),
        refused(
            MeshMethod.register, "capability-cut", "with a capability that ends within its key", ["MSG-4.1"],
            with(13, RawTLV.list([[0, 9, 97]]))),
        refused(
            MeshMethod.register, "capabilities-many", "with 129 capabilities", ["CONV-4.6"],
            with(13, RawTLV.list((100..<229).map { capability("c\($0)", 1, [1]) }))),
    ]

    // MARK: Others

    private static let discovery: [ConformanceCase] = [
        refused(MeshMethod.discover, "empty", "without a byte", ["CONV-3.6"], []),
        refused(MeshMethod.discover, "no-limit", "without a limit", ["CONV-3.6"], RawTLV([(2, Array("echo".utf8))]).encoded),
        refused(
            MeshMethod.discover, "bad-name", "whose service is no name", ["CONV-4.9"],
            RawTLV([(2, Array("a/b".utf8)), (4, [0, 0, 0, 0])]).encoded),
        refused(MeshMethod.discover, "empty-name", "whose service is empty", ["CONV-4.9"], RawTLV([(2, []), (4, [0, 0, 0, 0])]).encoded),
        refused(
            MeshMethod.discover, "unknown-even", "with an unknown even field", ["CONV-3.4"],
            RawTLV([(2, Array("echo".utf8)), (4, [0, 0, 0, 0]), (6, [])]).encoded),
        refused(MeshMethod.resolve, "empty", "without a byte", ["CONV-3.6"], []),
        refused(MeshMethod.resolve, "bad-name", "whose name is none", ["CONV-4.9"], RawTLV([(2, Array(".a".utf8))]).encoded),
        refused(MeshMethod.resolve, "not-utf8", "whose name is not UTF-8", ["CONV-4.2"], RawTLV([(2, [0xff])]).encoded),
        refused(MeshMethod.load, "no-services", "with an empty list", ["CONV-4.8"], RawTLV([(2, [])]).encoded),
        refused(
            MeshMethod.load, "short-load", "with a load of 15 bytes", ["CONV-4.1"],
            RawTLV([(2, RawTLV.list([RawTLV([(2, [97]), (4, [1]), (6, [UInt8](repeating: 0, count: 15))]).encoded]))]).encoded),
    ]

    private static let renewal: [ConformanceCase] = [
        refused(MeshMethod.renew, "empty", "without a byte", ["CONV-3.6"], []),
        refused(
            MeshMethod.renew, "width", "whose features have 8 bytes", ["CONV-4.1"], RawTLV([(2, [UInt8](repeating: 0, count: 8))]).encoded),
        ConformanceCase(
            "request/renew-too-large", "refuses a request of mesh.renew of more than 4,096 bytes", ["MSG-1.4"], needs: [.coordinator]
        ) { scene in
            let link = try await scene.link()
            let body = RawTLV([(2, [0, 0, 0, 0]), (3, [UInt8](repeating: 0, count: 5_000))]).encoded
            try await link.expectReset(try link.call(MeshMethod.renew, body), .tooLarge)
        },
    ]

    private static let watch: [ConformanceCase] = [
        refused(MeshMethod.watch, "no-services", "with an empty list", ["CONV-4.8"], needs: [.watch], RawTLV([(2, [])]).encoded),
        refused(
            MeshMethod.watch, "bad-name", "with a service whose name is none", ["CONV-4.9"], needs: [.watch],
            RawTLV([(2, RawTLV.list([Array("a b".utf8)]))]).encoded),
        refused(MeshMethod.watch, "unknown-even", "with an unknown even field", ["CONV-3.4"], needs: [.watch], RawTLV([(4, [])]).encoded),
    ]
}
