extension LinkMachine {
    /// Opens one record, the ciphertext with its tag. The frames are the first bytes of `frames`, as many as returned: 16 less
    /// than the record has.
    ///
    /// Throws `authentication` where it does not open: close the link without a word.
    public mutating func open(_ record: RawSpan, into frames: inout MutableRawSpan, now: Instant) throws(WireError) -> Int {
        try opener.open(record, into: &frames)
        lastReceived = now
        frameOffset = 0
        return record.byteCount - Limits.tag
    }

    /// The next event of the opened record `frames`, or `nil` at its end. Frames that the shell need not know of are dealt with here.
    public mutating func nextEvent(in frames: RawSpan, now: Instant) throws(WireError) -> LinkEvent? {
        while true {
            if let event = pendingEvents.popLast() { return event }
            guard frameOffset < frames.byteCount else {
                frameOffset = 0
                return nil
            }
            let header = try FrameHeader(in: frames, at: frameOffset)
            let start = frameOffset + Limits.frameHeader
            let payload = start..<start + Int(header.length)
            frameOffset = payload.upperBound
            if let event = try receive(header, payload, in: frames, now: now) { return event }
        }
    }

    private mutating func receive(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard let type = FrameType(rawValue: header.type) else {
            guard header.type & 1 == 1 else { throw .unknownCritical(UInt16(header.type)) }  // FRAME-1.1, FRAME-1.2
            try budget.spend(now: now)
            return nil
        }
        guard FrameFlags.defined(for: type).isSuperset(of: header.flags) else { throw .badValue(UInt16(header.type)) }  // FRAME-1.3
        switch type {
        case .data: return try receiveData(header, payload, in: frames, now: now)
        case .head: return try receiveHead(header, payload, in: frames, now: now)
        case .window: return try receiveWindow(header, payload, in: frames, now: now)
        case .maxStreams: return try receiveMaxStreams(header, payload, in: frames, now: now)
        case .stop: return try receiveStop(header, payload, in: frames, now: now)
        case .reset: return try receiveReset(header, payload, in: frames, now: now)
        case .ping, .pong: return try receivePing(type, header, payload, in: frames, now: now)
        case .goAway: return try receiveGoAway(header, payload, in: frames, now: now)
        case .padding:  // FRAME-5.5
            try budget.spend(now: now)
            return nil
        }
    }

    // MARK: Streams

    /// Where a frame of stream `id` belongs. `nil`: the stream is gone, its frames are ignored. An id that was never used is an error.
    private func locate(_ id: UInt32) throws(WireError) -> Int? {
        if let index = streams.index(of: id) { return streams[index].closed ? nil : index }  // FRAME-3.2
        guard id != 0, isPeers(id) ? id <= highestPeerID : id < nextID else { throw .streamState }  // FRAME-1.6, FRAME-3.1
        return nil
    }

    /// Whether stream `id` is one that the peer opens.
    private func isPeers(_ id: UInt32) -> Bool { (id & 1 == 1) != configuration.isInitiator }

    private mutating func receiveHead(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        let end = header.flags.contains(.end)
        guard payload.count <= Limits.headSize else { throw .oversized }  // FRAME-1.4
        if isPeers(header.stream), header.stream > highestPeerID {
            return try accept(header.stream, payload, in: frames, end: end, now: now)
        }
        guard let index = try locate(header.stream) else { return nil }
        guard streams[index].isLocal, !streams[index].headReceived, !streams[index].remoteEnded else { throw .streamState }  // FRAME-3.1
        let ref = streams.ref(index)
        do { head = try Head(decoding: frames.extracting(payload)) } catch { return try fail(ref, error) }
        streams[index].headReceived = true
        try endRemote(index, end)
        return .answered(ref, end: end)
    }

    /// A frame is whole but its content is not: only its stream ends.
    private mutating func fail(_ ref: StreamRef, _ error: WireError) throws(WireError) -> LinkEvent? {  // FRAME-6.3
        try reset(ref, error.code, reason: error.description)
        return .reset(ref, error.code, retryAfter: 0, reason: error.description)
    }

    private mutating func accept(
        _ id: UInt32, _ payload: Range<Int>, in frames: RawSpan, end: Bool, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard acceptedCount < acceptLimit else { throw .streamState }  // FRAME-3.5
        acceptedCount += 1
        highestPeerID = id
        if let last = drainingAt, id > last {
            cleanedCount += 1
            try refuse(id, .draining)  // FRAME-9.1
            return nil
        }
        do { head = try Head(decoding: frames.extracting(payload)) } catch {
            try budget.spend(now: now)
            cleanedCount += 1
            try refuse(id, error.code)  // FRAME-6.3
            return nil
        }
        var slot = newSlot(id: id, isLocal: false, now: now)
        slot.headReceived = true
        slot.remoteEnded = end
        let index = streams.insert(slot)
        if head.deadline > 0 {
            let limit = min(Duration.milliseconds(Int64(head.deadline)), Limits.maximumDeadline)  // CALL-2.3
            deadlines.set(index, at: now + limit)
        }
        return .opened(streams.ref(index), end: end)
    }

    /// Refuses a stream that never gets a slot.
    private mutating func refuse(_ id: UInt32, _ code: ErrorCode) throws(WireError) {
        try writer.append(.reset, stream: id, length: 6) { out in
            out.appendInteger(code.rawValue)
            out.appendInteger(UInt32(0))
        }
    }

    private mutating func endRemote(_ index: Int, _ end: Bool) throws(WireError) {
        guard end else { return }
        streams[index].remoteEnded = true
        try closeIfDone(index)
    }

    // MARK: Bodies

    private mutating func receiveData(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        let isCompressed = header.flags.contains(.lz4)
        let end = header.flags.contains(.end)
        guard payload.count <= Limits.data else { throw .oversized }  // FRAME-1.4
        guard !isCompressed || payload.count > 2 else { throw .compression }  // LZ4-2.1
        let count = isCompressed ? Int(try frames.integer(UInt16.self, at: payload.lowerBound)) : payload.count
        guard count <= Limits.data, !isCompressed || count > 0 else { throw .compression }  // LZ4-2.1, LZ4-2.2
        received += UInt64(count)  // FLOW-1.3
        guard received <= granted else { throw .flowControl }  // FLOW-1.2
        if count == 0, !end { try budget.spend(now: now) }
        guard let index = try locate(header.stream) else {
            try credit(link: UInt64(count), now: now)  // FRAME-3.3
            return nil
        }
        guard streams[index].headReceived, !streams[index].remoteEnded else { throw .streamState }  // FRAME-3.1
        streams[index].received += UInt64(count)
        guard streams[index].received <= streams[index].granted else { throw .flowControl }  // FLOW-1.2
        let ref = streams.ref(index)
        if streams[index].stopped {  // FRAME-3.4
            try endRemote(index, end)
            try consumed(ref, count, now: now)
            return nil
        }
        if isCompressed {  // LZ4-1.1
            let block = frames.extracting(payload.lowerBound + 2..<payload.upperBound)
            var bytes: [UInt8] = []
            do { try LZ4.decompress(block, rawSize: count, into: &bytes) } catch { return try fail(ref, error) }
            try endRemote(index, end)
            return .inflated(ref, bytes, end: end)
        }
        try endRemote(index, end)
        return .data(ref, payload, end: end)
    }

    /// The owner is done with `count` bytes of a stream. Credit is granted again once half of the window is used, and the
    /// window grows while the owner keeps up.
    public mutating func consumed(_ ref: StreamRef, _ count: Int, now: Instant) throws(WireError) {
        guard count > 0, let index = streams.index(of: ref) else { return }
        let amount = min(UInt64(count), streams[index].held)
        streams[index].consumed += amount
        streams[index].lastConsumed = now
        try credit(link: amount, now: now)
        guard let limit = streams[index].grant(now: now) else { return }
        try writer.append(.window, stream: ref.id, length: 8) { $0.appendInteger(limit) }
    }

    /// From now on the peer is granted at most `window` bytes beyond what was consumed of a stream.
    public mutating func limitWindow(_ ref: StreamRef, to window: UInt64) {
        guard let index = streams.index(of: ref) else { return }
        streams[index].windowMaximum = window
        streams[index].window = min(streams[index].window, window)
    }

    /// Gives `amount` bytes back to the link's credit.
    mutating func credit(link amount: UInt64, now: Instant? = nil) throws(WireError) {
        consumed += amount
        guard granted - consumed <= window / 2 else { return }
        if let now {
            if received == consumed, now - windowUpdated < Limits.windowGrowth {
                window = min(window * 2, Limits.linkWindowMaximum)
            }
            windowUpdated = now
        }
        granted = consumed + window
        let limit = granted
        try writer.append(.window, stream: 0, length: 8) { $0.appendInteger(limit) }
    }

    // MARK: Control

    private mutating func receiveWindow(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count == 8 else { throw .badLength(UInt16(header.type)) }
        let limit = try frames.integer(UInt64.self, at: payload.lowerBound)
        guard limit <= UInt64(Int64.max) else { throw .flowControl }  // FLOW-1.4
        if header.stream == 0 {
            if limit <= sendLimit { try budget.spend(now: now) }
            guard limit >= sendLimit else { throw .flowControl }  // FLOW-1.4
            sendLimit = limit
            mayWake = mayWake || !waiting.isEmpty
            return nil
        }
        guard let index = try locate(header.stream) else { return nil }
        if limit <= streams[index].sendLimit { try budget.spend(now: now) }
        guard limit >= streams[index].sendLimit else { throw .flowControl }
        overhang -= streams[index].overhang
        streams[index].sendLimit = limit
        overhang += streams[index].overhang
        enqueue(index)
        mayWake = mayWake || !waiting.isEmpty
        return nil
    }

    private mutating func receiveMaxStreams(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count == 4 else { throw .badLength(UInt16(header.type)) }
        guard header.stream == 0 else { throw .streamState }  // FRAME-1.5
        let limit = try frames.integer(UInt32.self, at: payload.lowerBound)
        guard limit > openLimit else {  // FLOW-5.3
            try budget.spend(now: now)
            return nil
        }
        openLimit = limit
        return .mayOpen
    }

    private mutating func receiveStop(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count == 2 else { throw .badLength(UInt16(header.type)) }  // FRAME-1.4
        try budget.spend(now: now)
        guard let index = try locate(header.stream), !streams[index].endSent else { return nil }
        let code = ErrorCode(rawValue: try frames.integer(UInt16.self, at: payload.lowerBound))
        guard streams[index].headSent else {  // FRAME-5.2
            // Nobody reads the answer that has not begun: there is nothing left of the call.
            let ref = streams.ref(index)
            try reset(ref, code, reason: "")
            return .reset(ref, code, retryAfter: 0, reason: "")
        }
        dropQueue(index)  // FRAME-5.1
        streams[index].endQueued = true
        enqueue(index)
        return .stopped(streams.ref(index), code)
    }

    private mutating func receiveReset(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count >= 6, payload.count <= 6 + Limits.reason else { throw .badLength(UInt16(header.type)) }
        // A refusal of what this side opened is an answer; a reset of what the peer opened is work for nothing.
        if isPeers(header.stream) { try budget.spend(now: now) }
        guard let index = try locate(header.stream) else { return nil }
        let code = ErrorCode(rawValue: try frames.integer(UInt16.self, at: payload.lowerBound))
        let retryAfter = try frames.integer(UInt32.self, at: payload.lowerBound + 2)
        let reason = try text(frames, payload.lowerBound + 6..<payload.upperBound, header)
        let ref = streams.ref(index)
        close(index)
        guard !streams[index].released else {
            try cleanUp(index)
            return nil
        }
        return .reset(ref, code, retryAfter: retryAfter, reason: reason)
    }

    private mutating func receivePing(
        _ type: FrameType, _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count == 8 else { throw .badLength(UInt16(header.type)) }
        guard header.stream == 0 else { throw .streamState }
        try budget.spend(now: now)
        let number = try frames.integer(UInt64.self, at: payload.lowerBound)
        guard type == .ping else { return .pong(number) }
        // A peer that reads nothing would not see it. FRAME-5.7
        guard unflushed <= Limits.unflushed else { return nil }
        try writer.append(.pong, stream: 0, length: 8) { $0.appendInteger(number) }  // FRAME-5.4
        return nil
    }

    private mutating func receiveGoAway(
        _ header: FrameHeader, _ payload: Range<Int>, in frames: RawSpan, now: Instant
    ) throws(WireError) -> LinkEvent? {
        guard payload.count >= 6, payload.count <= 6 + Limits.reason else { throw .badLength(UInt16(header.type)) }
        guard header.stream == 0 else { throw .streamState }
        try budget.spend(now: now)
        let last = try frames.integer(UInt32.self, at: payload.lowerBound)
        let code = ErrorCode(rawValue: try frames.integer(UInt16.self, at: payload.lowerBound + 4))
        let reason = try text(frames, payload.lowerBound + 6..<payload.upperBound, header)
        peerDraining = true
        for id in streams.liveIDs.sorted() where !isPeers(id) && id > last {  // FRAME-9.3, FRAME-9.4
            guard let index = streams.index(of: id), !streams[index].closed else { continue }
            let ref = streams.ref(index)
            close(index)
            guard !streams[index].released else {
                try cleanUp(index)
                continue
            }
            pendingEvents.append(.reset(ref, code == .none ? .draining : code.notProcessed, retryAfter: 0, reason: reason))
        }
        return .goAway(last: last, code, reason: reason)
    }

    private func text(_ frames: RawSpan, _ range: Range<Int>, _ header: FrameHeader) throws(WireError) -> String {
        guard let text = String(validatingUTF8: frames.extracting(range)) else { throw .badValue(UInt16(header.type)) }  // FRAME-1.8
        return text
    }
}
