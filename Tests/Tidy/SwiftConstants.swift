import Testing
import Wire

/// Where the code has the TLV types of each message of the registry.
enum SwiftConstants {
    struct Place {
        var path: String
        /// The enum whose constants they are; empty for constants of the message itself.
        var name: String
        /// Which of the enums of that name in the file.
        var skip = 0
    }

    static let places: [String: Place] = [
        "HandshakePayload": Place(path: "Sources/Wire/Handshake/HandshakePayload.swift", name: "Field"),
        "LinkParameters": Place(path: "Sources/Wire/Handshake/LinkParameters.swift", name: "Field"),
        "Certificate": Place(path: "Sources/Wire/Identity/Certificate.swift", name: "Field"),
        "DatagramHello": Place(path: "Sources/Wire/Datagram/DatagramHello.swift", name: "Field"),
        "DatagramWelcome": Place(path: "Sources/Wire/Datagram/DatagramHello.swift", name: "Field", skip: 1),
        "JoinToken": Place(path: "Sources/Wire/Identity/JoinToken.swift", name: "Field"),
        "Head": Place(path: "Sources/Wire/Frames/Head+Coding.swift", name: "HeadType"),
        "EnrolRequest": Place(path: "Sources/Wire/Messages/Enrolment+Codec.swift", name: "Field"),
        "EnrolAnswer": Place(path: "Sources/Wire/Messages/Enrolment+Codec.swift", name: "Field", skip: 1),
        "RenewRequest": Place(path: "Sources/Wire/Messages/Enrolment+Codec.swift", name: ""),
        "Registration": Place(path: "Sources/Wire/Messages/Registration+Codec.swift", name: "Field"),
        "RegistrationAccepted": Place(path: "Sources/Wire/Messages/Registration+Codec.swift", name: "Field", skip: 1),
        "ServiceRecord": Place(path: "Sources/Wire/Messages/ServiceRecord+Codec.swift", name: "Field"),
        "LoadUpdate": Place(path: "Sources/Wire/Messages/Load+Codec.swift", name: ""),
        "ServiceLoad": Place(path: "Sources/Wire/Messages/Load+Codec.swift", name: "Field"),
        "ServiceSummary": Place(path: "Sources/Wire/Messages/Discovery+Codec.swift", name: "Field"),
        "DiscoverRequest": Place(path: "Sources/Wire/Messages/Discovery+Codec.swift", name: "Field", skip: 1),
        "DiscoverAnswer": Place(path: "Sources/Wire/Messages/Discovery+Codec.swift", name: "Field", skip: 2),
        "ResolveRequest": Place(path: "Sources/Wire/Messages/Discovery+Codec.swift", name: ""),
        "WorkerRecord": Place(path: "Sources/Wire/Messages/WorkerRecord+Codec.swift", name: "Field"),
        "WatchRequest": Place(path: "Sources/Wire/Messages/Watch+Codec.swift", name: ""),
        "WatchEvent": Place(path: "Sources/Wire/Messages/Watch+Codec.swift", name: "Field"),
        "Notice": Place(path: "Sources/Wire/Messages/Notice+Codec.swift", name: "Field"),
        "RelayRecord": Place(path: "Sources/Wire/Messages/Relay+Codec.swift", name: "Field"),
        "CircuitRequest": Place(path: "Sources/Wire/Messages/Relay+Codec.swift", name: "Field", skip: 1),
        "Contact": Place(path: "Sources/Wire/Messages/DHT/Contact+Codec.swift", name: "Field"),
        "ProviderEntry": Place(path: "Sources/Wire/Messages/DHT/ProviderEntry.swift", name: "Field"),
        "DHTRequest": Place(path: "Sources/Wire/Messages/DHT/DHTRequest+Codec.swift", name: "Field"),
        "Introduction": Place(path: "Sources/Wire/Messages/DHT/DHTRequest+Codec.swift", name: "Field", skip: 1),
        "UnreachableHint": Place(path: "Sources/Wire/Messages/DHT/DHTRequest+Codec.swift", name: "Field", skip: 2),
        "DHTAnswer": Place(path: "Sources/Wire/Messages/DHT/DHTAnswer+Codec.swift", name: "Field"),
        "Pong": Place(path: "Sources/Wire/Messages/DHT/DHTAnswer+Codec.swift", name: "Field", skip: 1),
        "FindRequest": Place(path: "Sources/Wire/Messages/DHT/Find+Codec.swift", name: "Field"),
        "FindAnswer": Place(path: "Sources/Wire/Messages/DHT/Find+Codec.swift", name: "Field", skip: 1),
        "HeldEntry": Place(path: "Sources/Wire/Messages/DHT/Find+Codec.swift", name: "Field", skip: 2),
        "StoreRequest": Place(path: "Sources/Wire/Messages/DHT/Store+Codec.swift", name: "Field"),
        "StoreAnswer": Place(path: "Sources/Wire/Messages/DHT/Store+Codec.swift", name: "Field", skip: 1),
        "SyncRequest": Place(path: "Sources/Wire/Messages/DHT/Sync+Codec.swift", name: "Field"),
        "SyncAnswer": Place(path: "Sources/Wire/Messages/DHT/Sync+Codec.swift", name: "Field", skip: 1),
        "ViewEntry": Place(path: "Sources/Wire/Messages/DHT/Sync+Codec.swift", name: "Field", skip: 2),
    ]

    /// "type name" for each constant, in order.
    static func types(_ place: Place) throws -> [String] {
        let lines = try SourceTree.here.file(place.path).lines
        guard !place.name.isEmpty else { return lines.compactMap { $0.hasPrefix("    private static let") ? constant($0) : nil } }
        let starts = lines.indices.filter { lines[$0].contains("enum \(place.name) {") }
        try #require(place.skip < starts.count, "\(place.path) has no enum \(place.name)")
        return lines[starts[place.skip]...].prefix { $0.first != "}" && $0 != "    }" }.compactMap(constant)
    }

    /// How many such constants a file has.
    static func count(_ path: String) throws -> Int { try SourceTree.here.file(path).lines.compactMap(constant).count }

    private static func constant(_ line: Substring) -> String? {
        guard let found = line.firstMatch(of: /static let (\w+): UInt16 = (\w+)$/) else { return nil }
        return number(found.2).map { "\($0) \(found.1)" }
    }

    /// The cases of an enum: "value name" where they have values, the name where they do not.
    static func cases(_ path: String, _ name: String) throws -> [String] {
        let lines = try SourceTree.here.file(path).lines
        let start = try #require(lines.firstIndex { $0.contains("enum \(name): ") })
        let indent = String(lines[start].prefix { $0 == " " })
        return lines[start...].prefix { $0 != indent + "}" }.compactMap { line in
            guard let found = line.firstMatch(of: /^ +case (\w+)(?: = (\w+)|\(\w+\))?$/) else { return nil }
            return found.2.map { "\($0) \(found.1)" } ?? String(found.1)
        }
    }

    private static func number(_ text: Substring) -> Int? {
        text.lowercased().hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }
}

/// The limits of the code that another implementation must know, and those that are nobody else's business.
enum SwiftLimits {
    static let values: [String: UInt64] = [
        "handshakeMessage": UInt64(Limits.handshakeMessage), "recordCiphertext": UInt64(Limits.recordCiphertext),
        "recordPlaintext": UInt64(Limits.recordPlaintext), "mac1": UInt64(Limits.mac1), "tag": UInt64(Limits.tag),
        "frameHeader": UInt64(Limits.frameHeader), "framePayload": UInt64(Limits.framePayload), "data": UInt64(Limits.data),
        "headSize": UInt64(Limits.headSize), "reason": UInt64(Limits.reason), "verb": UInt64(Limits.verb),
        "idempotencyKey": UInt64(Limits.idempotencyKey), "traceParent": UInt64(Limits.traceParent), "name": UInt64(Limits.name),
        "region": UInt64(Limits.region), "url": UInt64(Limits.url), "endpoint": UInt64(Limits.endpoint),
        "endpoints": UInt64(Limits.endpoints), "services": UInt64(Limits.services), "capabilities": UInt64(Limits.capabilities),
        "capabilityText": UInt64(Limits.capabilityText), "capabilityJSON": UInt64(Limits.capabilityJSON),
        "certificate": UInt64(Limits.certificate), "token": UInt64(Limits.token),
        "record": UInt64(Limits.record), "snapshotRecords": UInt64(Limits.snapshotRecords),
        "noticeNodes": UInt64(Limits.noticeNodes), "message": UInt64(Limits.message), "rekeyInterval": Limits.rekeyInterval,
        "streamIDSoftEnd": UInt64(Limits.streamIDSoftEnd), "streamWindow": Limits.streamWindow,
        "streamWindowMaximum": Limits.streamWindowMaximum, "linkWindow": Limits.linkWindow,
        "linkWindowMaximum": Limits.linkWindowMaximum, "openStreams": UInt64(Limits.openStreams), "hops": UInt64(Limits.hops),
        "idleFrameBurst": UInt64(Limits.idleFrameBurst), "idleFrameRate": UInt64(Limits.idleFrameRate),
        "unauthenticatedPerSource": UInt64(Limits.unauthenticatedPerSource), "unauthenticated": UInt64(Limits.unauthenticated),
        "compressFrom": UInt64(Limits.compressFrom), "discoverSample": UInt64(Limits.discoverSample),
        "attempts": UInt64(Limits.attempts), "replayBuffer": UInt64(Limits.replayBuffer),
        "certificateLife": Limits.certificateLife * 1_000, "handshakeTimeout": milliseconds(Limits.handshakeTimeout),
        "dialTimeout": milliseconds(Limits.dialTimeout), "redial": milliseconds(Limits.redial), "pingAfter": milliseconds(Limits.pingAfter),
        "suspectAfter": milliseconds(Limits.suspectAfter), "removeAfter": milliseconds(Limits.removeAfter),
        "stalledAfter": milliseconds(Limits.stalledAfter), "windowGrowth": milliseconds(Limits.windowGrowth),
        "defaultDeadline": milliseconds(Limits.defaultDeadline), "maximumDeadline": milliseconds(Limits.maximumDeadline),
        "dialBackInterval": milliseconds(Limits.dialBackInterval), "dialBackRetry": milliseconds(Limits.dialBackRetry),
        "staleAfterRestart": milliseconds(Limits.staleAfterRestart), "relays": UInt64(Limits.relays),
        "circuitRequest": UInt64(Limits.circuitRequest), "circuitHeld": UInt64(Limits.circuitHeld),
        "circuitsPerMember": UInt64(Limits.circuitsPerMember), "circuits": UInt64(Limits.circuits),
        "headStart": milliseconds(Limits.headStart), "directRetry": milliseconds(Limits.directRetry),
        "directRetryMaximum": milliseconds(Limits.directRetryMaximum), "relayLinger": milliseconds(Limits.relayLinger),
        "dhtMessage": UInt64(Limits.dhtMessage),
        "providerEntry": UInt64(Limits.providerEntry), "dhtContacts": UInt64(Limits.dhtContacts),
        "dhtEntries": UInt64(Limits.dhtEntries), "viewBuckets": UInt64(Limits.viewBuckets),
        "viewFingerprints": UInt64(Limits.viewFingerprints), "serviceSplit": UInt64(Limits.serviceSplit),
        "replicas": UInt64(Limits.replicas), "replicasAwaited": UInt64(Limits.replicasAwaited),
        "providersPerKey": UInt64(Limits.providersPerKey), "entriesPerProvider": UInt64(Limits.entriesPerProvider),
        "entriesHeld": UInt64(Limits.entriesHeld), "fullView": UInt64(Limits.fullView), "dhtSends": UInt64(Limits.dhtSends),
        "entryLifetime": milliseconds(Limits.entryLifetime), "entryLifetimeMaximum": milliseconds(Limits.entryLifetimeMaximum),
        "entryRefresh": milliseconds(Limits.entryRefresh), "splitRepair": milliseconds(Limits.splitRepair),
        "datagram": UInt64(Limits.datagram),
        "replayWindow": UInt64(Limits.replayWindow), "initiationsPerAddress": UInt64(Limits.initiationsPerAddress),
        "initiationsPerNetwork": UInt64(Limits.initiationsPerNetwork), "initiationRate": UInt64(Limits.initiationRate),
        "initiationBurst": UInt64(Limits.initiationBurst),
        "initiationRatePerNetwork": UInt64(Limits.initiationRatePerNetwork),
        "initiationBurstPerNetwork": UInt64(Limits.initiationBurstPerNetwork),
        "initiationRetry": milliseconds(Limits.initiationRetry), "initiationTimeout": milliseconds(Limits.initiationTimeout),
        "initiationRefill": milliseconds(Limits.initiationRefill), "networkRefill": milliseconds(Limits.networkRefill),
        "cookieLife": milliseconds(Limits.cookieLife), "sessionRenewal": milliseconds(Limits.sessionRenewal),
        "sessionLife": milliseconds(Limits.sessionLife), "sessionIdle": milliseconds(Limits.sessionIdle),
        "challengeGap": milliseconds(Limits.challengeGap), "heldAnswerLife": milliseconds(Limits.heldAnswerLife),
    ]

    /// How this program stores, serves HTTP, paces its own sending and chooses among workers.
    static let local: Set<String> = [
        "identityFile", "smallData", "earlyFlush", "bulkPerTurn", "unsentPerStream", "unsentPerLink", "quantum", "lentBuffers",
        "knownServices", "dialBackDoublings", "dialBacks", "changeLog", "jsonFragment", "transaction", "storePages", "tokenUses",
        "tokenLife", "tokens", "adminAnswer", "httpWorkers", "latencyInterval", "healthTimeout", "tunnelProbes", "tunnelTimeout",
        "tunnelRetry", "tunnelRecheck", "coordinatorAnswer", "probeBody", "jsonDepth", "jsonBody", "preparedAnswers",
        "catalogueFile", "httpHeaderBlock", "httpHeaderFields", "httpTarget", "httpCollectedBody", "httpPipelined", "httpDiscarded",
        "httpConnections", "httpUnwritten", "httpHeadTimeout", "httpIdle", "httpStalled", "httpLinger", "httpDrain",
        "httpIdleUpstream", "httpIdleUpstreamTimeout", "httpMembers", "httpConnectTimeout", "routeCache", "wireLookupTimeout",
        "bulkRecord", "httpLookupTimeout", "negativeRouteCache", "staleRouteCache", "staleRouteRetry", "cachedRoutes", "lookupWaiters",
        "retryShare", "retryBurst", "ejectAfterFailures", "ejectionFailureShare", "ejectionSample", "ejectionWindow",
        "ejectionTime", "ejectionTimeMaximum", "unsentAnswers", "unsentUntaken", "unflushed", "writePiece", "socketHigh",
        "socketUnsent", "socketLow", "serviceLimit", "serviceQueue", "probeInterval", "probeIntervalFailing", "probeTimeout", "probeFall",
        "probeRise", "circuitWindow", "circuitBandwidth", "circuitMembers", "roundTrips",
        "dhtLookups", "dhtExchanges", "answerTimeoutMaximum", "answerTimeoutMinimum", "probeFirst", "probeLast", "evictionSpan",
        "evictionFailures",
        "initiationGap", "pendingInitiations", "requestsPerInitiation", "awaitedAnswers", "answerPatience", "budgets",
        "sessions", "unconfirmedSessions", "datagramPeers", "heldAnswers", "sessionSweep", "dhtLookupTimeout",
    ]

    private static func milliseconds(_ duration: Duration) -> UInt64 { duration.wholeNanoseconds / 1_000_000 }
}
