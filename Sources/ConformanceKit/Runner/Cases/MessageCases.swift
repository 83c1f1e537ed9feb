import Wire

/// The registry of a coordinator, asked as it should be.
enum MessageCases {
    static let all: [ConformanceCase] = registering + asking

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], _ body: @escaping @Sendable (Scene, RawLink) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("message/\(name)", title, clauses, needs: [.coordinator]) { scene in try await body(scene, try await scene.link()) }
    }

    /// A registration with services; it listens nowhere.
    static func registration(_ scene: Scene, _ services: String...) -> Registration {
        var registration = Registration(bootEpoch: scene.member.bootEpoch)
        registration.services = services.map { ServiceRecord(name: $0) }
        return registration
    }

    /// Registers and reads the answer.
    @discardableResult
    static func register(_ link: RawLink, _ registration: Registration) async throws -> RegistrationAccepted {
        let stream = try link.call(MeshMethod.register, try registration.encode())
        let answer = try await link.expectAnswer(stream)
        do { return try RegistrationAccepted(answer.body) } catch { throw Mismatch(expected: "a RegistrationAccepted", seen: "\(error)") }
    }

    /// A name of a service that no other case uses.
    static func unique(_ what: String) -> String { "\(what)-\(String(UInt64.random(in: 0 ... .max), radix: 36))" }

    static func resolve(_ link: RawLink, _ name: String) async throws -> WorkerRecord {
        let answer = try await link.expectAnswer(try link.call(MeshMethod.resolve, try ResolveRequest(name: name).encode()))
        do { return try WorkerRecord(answer.body) } catch { throw Mismatch(expected: "a WorkerRecord", seen: "\(error)") }
    }

    static func discover(_ link: RawLink, _ service: String, limit: UInt32 = 0) async throws -> DiscoverAnswer {
        let answer = try await link.expectAnswer(
            try link.call(MeshMethod.discover, try DiscoverRequest(service: service, limit: limit).encode()))
        do { return try DiscoverAnswer(answer.body) } catch { throw Mismatch(expected: "a DiscoverAnswer", seen: "\(error)") }
    }

    private static let registering: [ConformanceCase] = [
        one("register", "enters a worker under the name of its certificate", ["MSG-3.1"]) { scene, link in
            let accepted = try await register(link, registration(scene))
            guard accepted.name == scene.member.name else { throw Mismatch(expected: scene.member.name, seen: accepted.name) }
            guard try await resolve(link, scene.member.name).nodeID == scene.member.certified?.nodeID else {
                throw Mismatch(expected: "the node id of the certificate", seen: "another")
            }
        },
        one("register-full", "takes a registration with every field", ["CONV-3.3", "MSG-3.1"]) { scene, link in
            var full = registration(scene, unique("a"))
            full.region = "eu"
            full.zone = "eu-1"
            full.tunnelURL = "http://127.0.0.1:9/x"
            full.capabilities = ["flag": .bool(true), "int": .int(-5), "double": .double(1.5), "text": .text(""), "json": .json("{}")]
            try await register(link, full)
            let record = try await resolve(link, scene.member.name)
            guard record.region == "eu", record.zone == "eu-1", record.capabilities == full.capabilities, record.services == full.services
            else {
                throw Mismatch(expected: "the registration's fields in the record", seen: "others")
            }
        },
        one("register-unknown-odd", "skips unknown odd fields of a registration", ["CONV-3.3"]) { scene, link in
            var fields = RawTLV(splitting: try registration(scene).encode())
            for type: UInt16 in [1, 7, 0xffff] { fields[type] = [1] }
            let stream = try link.call(MeshMethod.register, fields.encoded)
            _ = try await link.expectAnswer(stream)
        },
        one("register-again", "takes a second registration in the place of the first", ["MSG-3.1"]) { scene, link in
            let (first, second) = (unique("first"), unique("second"))
            let before = try await register(link, registration(scene, first))
            let after = try await register(link, registration(scene, second))
            guard after.revision > before.revision else { throw Mismatch(expected: "a higher revision", seen: "\(after.revision)") }
            guard try await resolve(link, scene.member.name).services.map(\.name) == [second] else {
                throw Mismatch(expected: "the second registration's service", seen: "others")
            }
        },
        one("leave", "removes a worker that leaves", ["MSG-3.10", "MSG-5.2"]) { scene, link in
            try await register(link, registration(scene))
            _ = try await link.expectAnswer(try link.call(MeshMethod.leave))
            try await link.expectRefused(try link.call(MeshMethod.resolve, try ResolveRequest(name: scene.member.name).encode()), .notFound)
        },
        one("link-lost", "removes a worker whose link is lost", ["MSG-5.1"]) { scene, link in
            try await register(link, registration(scene))
            link.connection.close()
            let next = try await scene.link()
            try await next.expectRefused(try next.call(MeshMethod.resolve, try ResolveRequest(name: scene.member.name).encode()), .notFound)
        },
        one("drain", "hands out a worker that drains as draining", ["MSG-3.9"]) { scene, link in
            try await register(link, registration(scene))
            _ = try await link.expectAnswer(try link.call(MeshMethod.drain))
            guard try await resolve(link, scene.member.name).state == .draining else {
                throw Mismatch(expected: "draining", seen: "another state")
            }
            _ = try await link.expectAnswer(try link.call(MeshMethod.leave))
        },
        one("load", "takes a load, and one of a service that was not registered", ["MSG-3.8"]) { scene, link in
            let service = unique("loaded")
            try await register(link, registration(scene, service))
            let load = LoadReport(inFlight: 3, limit: 10, queued: 1, serviceMicroseconds: 500)
            let update = LoadUpdate(services: [
                ServiceLoad(service: service, healthy: true, load: load), ServiceLoad(service: unique("other"), healthy: true, load: load),
            ])
            let answer = try await link.expectAnswer(try link.call(MeshMethod.load, try update.encode()))
            guard answer.body.isEmpty else { throw Mismatch(expected: "an empty answer", seen: "\(answer.body.count) bytes") }
            guard try await resolve(link, scene.member.name).load.inFlight == 3 else {
                throw Mismatch(expected: "the load in the record", seen: "another")
            }
        },
        one("load-empty", "takes a load without services", ["MSG-3.8"]) { scene, link in
            try await register(link, registration(scene))
            _ = try await link.expectAnswer(try link.call(MeshMethod.load))
        },
    ]

    private static let asking: [ConformanceCase] = [
        one("list", "lists services, each once", ["MSG-1.1", "CONV-3.1"]) { _, link in
            let answer = try await link.expectAnswer(try link.call(MeshMethod.list))
            guard let list = try? ServiceList(answer.body), Set(list.services.map(\.name)).count == list.services.count else {
                throw Mismatch(expected: "a sequence of ServiceSummary", seen: "\(answer.body.count) bytes of something else")
            }
        },
        one("list-ignores-body", "does not look at the body of a request for a list", ["MSG-1.1"]) { _, link in
            _ = try await link.expectAnswer(try link.call(MeshMethod.list, [0xff, 0xff, 0xff]))
        },
        one("discover-unknown", "tells a service that nobody ever offered from one that is unavailable", ["MSG-5.1"]) { scene, link in
            let unknown = try await discover(link, unique("unknown"))
            guard !unknown.known, unknown.total == 0, unknown.workers.isEmpty else {
                throw Mismatch(expected: "known 0, total 0", seen: "\(unknown)")
            }
            let service = unique("gone")
            try await register(link, registration(scene, service))
            _ = try await link.expectAnswer(try link.call(MeshMethod.leave))
            let gone = try await discover(link, service)
            guard gone.known, gone.total == 0, gone.workers.isEmpty else { throw Mismatch(expected: "known 1, total 0", seen: "\(gone)") }
        },
        one("discover-unproven", "hands out no worker whose address it has not proven", ["MSG-3.4", "MSG-5.1"]) { scene, link in
            let service = unique("unproven")
            var registration = registration(scene, service)
            registration.advertised = [Endpoint(host: "127.0.0.1", port: 9)]
            registration.listenPort = 9
            try await register(link, registration)
            let answer = try await discover(link, service)
            guard answer.workers.allSatisfy({ $0.endpoints.isEmpty }) else {
                throw Mismatch(expected: "no address that was not proven", seen: "\(answer.workers[0].endpoints)")
            }
        },
        one("discover-unhealthy", "hands out no worker whose service is not healthy", ["MSG-5.1"]) { scene, link in
            let service = unique("unhealthy")
            var registration = registration(scene, service)
            registration.services[0].healthy = false
            try await register(link, registration)
            let answer = try await discover(link, service)
            guard answer.known, answer.workers.isEmpty else { throw Mismatch(expected: "nobody", seen: "\(answer.workers.count) workers") }
        },
        one("resolve-unknown", "refuses a name that no worker has", ["MSG-5.2"]) { _, link in
            try await link.expectRefused(try link.call(MeshMethod.resolve, try ResolveRequest(name: unique("nobody")).encode()), .notFound)
        },
        one("dial-back-says-nothing-more", "proves an address by a handshake up to message 2, and says no more", ["MSG-3.5", "HS-8.6"]) {
            scene, link in
            try await DialBack.check(scene, link)
        },
        one("renew", "renews a certificate: same name, id, roles and keys", ["ID-7.3", "ID-3.1"]) { scene, link in
            let stream = try link.call(MeshMethod.renew, try RenewRequest(features: []).encode())
            guard let answer = try? EnrolAnswer(try await link.expectAnswer(stream).body), let old = scene.member.certified,
                let new = try? Certificate(decoding: answer.certificate), (try? new.verify(authority: scene.authority)) != nil
            else { throw Mismatch(expected: "a certificate of this mesh", seen: "none") }
            guard new.name == old.name, new.nodeID == old.nodeID, new.roles == old.roles, new.staticKey == old.staticKey,
                new.identityKey == old.identityKey, new.serial > old.serial
            else { throw Mismatch(expected: "the same node with a higher serial", seen: "another") }
        },
        one("enrol-as-member", "refuses mesh.enrol on a link between members", ["TOKEN-3.4"]) { scene, link in
            let request = Scene.request(scene.member, hash: link.handshakeHash)
            try await link.expectRefused(try link.call(MeshMethod.enrol, try request.encode()), .permissionDenied)
        },
    ]
}
