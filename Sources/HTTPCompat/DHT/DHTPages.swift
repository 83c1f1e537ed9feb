internal import Transport
internal import Wire

/// Answers what people ask about a node's place in the DHT.
struct DHTPages: Sendable {
    /// Of the node.
    let name: String
    /// `nil` while the node is not in the DHT.
    let service: @Sendable () -> DHTService?
    /// The contact of a member by its name or node id.
    let contact: @Sendable (String) async throws(CallError) -> Contact
    /// Pings as a stranger would; `nil` where this node cannot.
    let unasked: (@Sendable (Contact) async throws -> Result<Duration, DHTUnanswered>)?

    /// Longer than any search takes that gets on.
    private static let searchTime: Duration = .seconds(5)
    private static let standardLimit = 1_000

    var endpoints: [HTTPEndpoint] {
        [
            HTTPEndpoint(DHTOperations.status) { [self] _ in await status() },
            HTTPEndpoint(DHTOperations.lookup) { [self] in try await lookup($0) },
            HTTPEndpoint(DHTOperations.ping) { [self] in try await ping($0) },
            HTTPEndpoint(DHTOperations.records) { [self] in try await records($0) },
        ]
    }

    private func member() throws(Refusal) -> DHTService {
        guard let service = service() else {
            throw Refusal(503, "\(name) is not in the DHT: start it without --no-dht, and see in its log whether it got its UDP port")
        }
        return service
    }

    private func status() async -> HTTPAnswer {
        let status = await service()?.status()
        var json = JSONWriter(capacity: 4_096)
        json.object { json in
            json.field("dht_enabled", status != nil)
            json.field("name", name)
            json.field("timestamp", WallTime.now)
            status?.writeMembers(to: &json)
        }
        return .json(json.buffer)
    }

    private func lookup(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        let service = request.pathPart("service")
        guard Name.isValid(service) else {
            throw Refusal([
                FieldProblem(
                    type: "string_pattern_mismatch", location: ["path", "service"],
                    message: "String should be 1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\"", input: .string(service))
            ])
        }
        let finding = await (try member()).find(service, timeout: Self.searchTime)
        var json = JSONWriter(capacity: 2_048)
        json.object { json in
            json.field("service", service)
            json.field("name", name)
            json.field("timestamp", WallTime.now)
            finding.writeMembers(to: &json)
        }
        return .json(json.buffer)
    }

    private func ping(_ request: EndpointRequest) async throws -> HTTPAnswer {
        let who = request.pathPart("who")
        let service = try member()
        let isUnasked = ["1", "true", "yes"].contains(request.query("unasked") ?? "")
        guard !isUnasked || unasked != nil else {
            throw Refusal(400, "a worker is no stranger to anybody: ask a coordinator for a ping that is unasked for")
        }
        let contact: Contact
        do { contact = try await self.contact(who) } catch { throw Refusal(Int(error.code.httpStatus), error.reason) }
        guard contact.nodeID != (await service.status())?.nodeID else { throw Refusal(400, "\(who) is this node itself: name another one") }
        let result = if isUnasked, let unasked { try await unasked(contact) } else { await service.ping(contact) }
        return answer(who, contact, isUnasked: isUnasked, result)
    }

    private func answer(
        _ who: String, _ contact: Contact, isUnasked: Bool, _ result: Result<Duration, DHTUnanswered>
    ) -> HTTPAnswer {
        var (latency, cause): (Duration?, DHTHealth.Cause?) = (nil, nil)
        switch result {
        case .success(let time): latency = time
        case .failure(let failure): cause = failure.cause
        }
        var json = JSONWriter()
        json.object { json in
            json.field("who", who)
            json.field("node_id", contact.nodeID.hex)
            json.field("endpoint", contact.endpoints.first?.description)
            json.field("unasked", isUnasked)
            json.field("answered", latency != nil)
            json.field("latency_ms", latency?.milliseconds)
            json.field("cause", cause?.rawValue)
            json.field("text", cause?.text)
        }
        return .json(json.buffer)
    }

    private func records(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        var limit = Self.standardLimit
        if let text = request.query("limit") {
            guard let number = Int(text), number >= 1 else { throw Refusal([CoordinatorHTTP.badLimit(text)]) }
            limit = number
        }
        let (records, total) = await (try member()).records(limit: limit)
        var json = JSONWriter(capacity: 512 + records.count * 512)
        json.object { json in
            json.field("name", name)
            json.field("timestamp", WallTime.now)
            json.field("records", array: records) { json, record in
                json.object { json in
                    record.entry.writeMembers(remaining: record.remaining, to: &json)
                    json.field("age_seconds", record.age.seconds)
                    json.field("withdrawn", record.entry.offer.isWithdrawn)
                }
            }
            json.field("count", records.count)
            json.field("total", total)
        }
        return .json(json.buffer)
    }
}
