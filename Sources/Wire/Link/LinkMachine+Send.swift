extension LinkMachine {
    /// Opens a stream with `head`. `nil` while the peer's MAX_STREAMS does not allow it (`LinkEvent.mayOpen` follows).
    ///
    /// - Parameters:
    ///   - deadline: how long the call may take; it is written into the head in milliseconds and kept here.
    ///   - end: whether the request has no body.
    ///   - compress: whether its body may be compressed.
    /// - Throws: `oversized` for a head beyond `Limits.headSize`: nothing was opened, the link goes on.
    public mutating func open(
        _ head: Head, deadline: Duration?, end: Bool, compress: Bool, now: Instant
    ) throws(WireError) -> StreamRef? {
        guard mayOpen else { return nil }
        scratch.removeAll(keepingCapacity: true)
        try head.encode(into: &scratch)
        var slot = newSlot(id: nextID, isLocal: true, now: now)
        if !compress { slot.compression = nil }
        slot.headSent = true
        slot.endSent = end
        slot.endQueued = end
        let index = streams.insert(slot)
        nextID += 2  // FRAME-2.2
        openedCount += 1
        if let deadline { deadlines.set(index, at: now + deadline) }  // CALL-2.4
        try appendHead(stream: slot.id, end: end)
        return streams.ref(index)
    }

    /// Answers on a stream that the peer opened. Throws `oversized` as `open` does.
    public mutating func respond(_ ref: StreamRef, _ head: Head, end: Bool, compress: Bool) throws(WireError) {
        guard let index = streams.index(of: ref), !streams[index].closed, !streams[index].headSent else { return }
        scratch.removeAll(keepingCapacity: true)
        try head.encode(into: &scratch)
        streams[index].headSent = true
        if !compress { streams[index].compression = nil }
        if end {
            streams[index].endQueued = true
            streams[index].endSent = true
        }
        try appendHead(stream: ref.id, end: end)
        if end { try closeIfDone(index) }
    }

    /// Sends bytes of a body, and ends this direction if `end`. Small ones go out with the next flush; bulk waits its turn.
    public mutating func send(_ ref: StreamRef, _ chunk: any SendChunk, end: Bool) throws(WireError) {
        // FRAME-2.3, FRAME-2.5
        guard let index = streams.index(of: ref), !streams[index].closed, !streams[index].endQueued, streams[index].headSent
        else { return }
        let count = chunk.chunkCount
        let mayCompress = count >= Limits.compressFrom && streams[index].compression != nil
        let isSmall =
            count <= Limits.smallData && !mayCompress && streams[index].queue.count == 0 && writer.count < Limits.bulkPerTurn
        if isSmall, UInt64(count) <= min(streams[index].credit, linkCredit), count > 0 || end {  // FLOW-1.1
            streams[index].sent += UInt64(count)
            sent += UInt64(count)
            streams[index].endQueued = end
            streams[index].endSent = end
            try writer.append(.data, end ? .end : [], stream: ref.id, length: count) { chunk.appendChunk(0..<count, to: &$0) }
            if end { try closeIfDone(index) }
            return
        }
        overhang -= streams[index].overhang
        streams[index].queue.append(chunk)
        overhang += streams[index].overhang
        streams[index].endQueued = end
        queued += count
        enqueue(index)
    }

    /// Sends the bodies of a stream as they are from now on (LZ4-3.1).
    public mutating func forbidCompression(_ ref: StreamRef) {
        guard let index = streams.index(of: ref) else { return }
        streams[index].compression = nil
    }

    /// Ends both directions of a stream at once and tells the peer. The stream is closed; its owner still releases it.
    public mutating func reset(
        _ ref: StreamRef, _ code: ErrorCode, retryAfter: UInt32 = 0, reason: String
    ) throws(WireError) {
        guard let index = streams.index(of: ref), !streams[index].closed else { return }
        let text = reason.cutToReason
        try writer.append(.reset, stream: ref.id, length: 6 + text.count) { out in
            out.appendInteger(code.rawValue)
            out.appendInteger(retryAfter)
            out.append(contentsOf: text)
        }
        close(index)
        if streams[index].released { try cleanUp(index) }
    }

    /// Tells the peer to stop sending on a stream: its answer may go on the other way.
    public mutating func stop(_ ref: StreamRef, _ code: ErrorCode) throws(WireError) {
        guard let index = streams.index(of: ref), !streams[index].closed, !streams[index].remoteEnded else { return }
        streams[index].stopped = true
        try writer.append(.stop, stream: ref.id, length: 2) { $0.appendInteger(code.rawValue) }
    }

    /// The owner of a stream is done with it: the slot is free once both directions have ended. Only then does the peer
    /// get its credit for another stream back, so that a reset frees nothing early.
    public mutating func release(_ ref: StreamRef) throws(WireError) {
        guard let index = streams.index(of: ref), !streams[index].released else { return }
        streams[index].released = true
        if streams[index].closed { try cleanUp(index) }
    }

    // MARK: Flush

    /// Lets waiting streams have their turns, up to `Limits.bulkPerTurn`, seals, and hands the bytes to `body` to be written
    /// at once. Returns the streams that have room again.
    public mutating func flush(now: Instant, _ body: (RawSpan) -> Void) throws(WireError) -> [LinkEvent] {
        if ringHead < ring.count { try takeTurns() }
        try writer.seal()
        writer.drain(body)
        return waiting.isEmpty ? [] : wakeWaiting()
    }

    /// Tells an owner that was refused that there is room again: one at a time, because each may take all of it.
    private mutating func wakeWaiting() -> [LinkEvent] {
        mayWake = false
        guard linkHasRoom else { return [] }
        var woken: StreamRef?
        var another = false
        var kept: [StreamRef] = []
        for ref in waiting {
            guard let index = streams.index(of: ref), !streams[index].closed else { continue }
            guard !another, hasRoom(index, below: Limits.unsentPerStream / 4) else {
                kept.append(ref)
                continue
            }
            if woken == nil {
                streams[index].wantsWritable = false
                woken = ref
            } else {
                another = true
                kept.append(ref)
            }
        }
        waiting = kept
        mayWake = another
        return woken.map { [.writable($0)] } ?? []
    }

    /// Whether the link takes more of what its peer has granted credit for.
    private var linkHasRoom: Bool { queued - overhang + writer.count < Limits.unsentPerLink }

    /// Whether a stream takes more: bytes are taken as far as the peer has granted credit for them, so that a peer that grants
    /// none makes this side hold little. Where chunks have gone beyond the credit of many streams, a stream must have credit
    /// for a whole one.
    func hasRoom(_ index: Int, below limit: Int) -> Bool {
        if streams[index].endQueued { return true }
        let spare = overhang < Limits.unsentPerLink / 2 ? 1 : UInt64(Limits.writePiece)
        let waiting = streams[index].queue.count
        return waiting < limit && streams[index].credit >= UInt64(waiting) + spare && linkHasRoom
    }

    /// Round robin by a quantum over the streams that have bytes and credit.
    private mutating func takeTurns() throws(WireError) {  // FLOW-7.1
        while ringHead < ring.count, writer.count < Limits.bulkPerTurn {
            let ref = ring[ringHead]
            ringHead += 1
            if ringHead == ring.count {
                ring.removeAll(keepingCapacity: true)
                ringHead = 0
            } else if ringHead >= 256 {
                ring.removeFirst(ringHead)
                ringHead = 0
            }
            guard let index = streams.index(of: ref), !streams[index].closed else { continue }
            streams[index].inRing = false
            try takeTurn(index)
            if streams[index].endSent { try closeIfDone(index) }
            // Without link credit nobody can go on: the WINDOW that brings it starts the ring again.
            if linkCredit == 0, queued > 0 { break }
        }
    }

    private mutating func takeTurn(_ index: Int) throws(WireError) {
        let waiting = streams[index].queue.count
        let allowed = Int(clamping: min(streams[index].credit, linkCredit, UInt64(waiting)))  // FLOW-1.1
        let count = min(allowed, Limits.quantum)
        let end = count == waiting && streams[index].endQueued
        if count > 0 || end { try sendFromQueue(index, count, end: end) }
        if streams[index].queue.count > 0, streams[index].credit > 0 { enqueue(index) }
    }

    private mutating func sendFromQueue(_ index: Int, _ count: Int, end: Bool) throws(WireError) {
        let id = streams[index].id
        queued -= count
        streams[index].sent += UInt64(count)
        sent += UInt64(count)  // FLOW-1.3
        streams[index].endSent = end
        let flags: FrameFlags = end ? .end : []
        guard configuration.compress, streams[index].compression?.shouldAttempt(count) == true else {
            var queue = SendQueue()
            swap(&queue, &streams[index].queue)
            try writer.append(.data, flags, stream: id, length: count) { queue.move(count, to: &$0) }
            swap(&queue, &streams[index].queue)
            return
        }
        var raw: [UInt8] = []
        var block: [UInt8] = []
        swap(&raw, &scratch)
        swap(&block, &self.block)
        raw.removeAll(keepingCapacity: true)
        block.removeAll(keepingCapacity: true)
        streams[index].queue.move(count, to: &raw)
        let isKept = LZ4.compress(raw.span.bytes, into: &block) != nil
        streams[index].compression?.record(kept: isKept)
        if isKept {
            try writer.append(.data, flags.union(.lz4), stream: id, length: block.count + 2) { out in
                out.appendInteger(UInt16(truncatingIfNeeded: count))
                out.append(contentsOf: block)
            }
        } else {
            try writer.append(.data, flags, stream: id, length: count) { $0.append(contentsOf: raw) }
        }
        swap(&raw, &scratch)
        swap(&block, &self.block)
    }

    // MARK: Shared

    /// How many more bytes the link takes.
    var linkCredit: UInt64 { sendLimit > sent ? sendLimit - sent : 0 }

    /// Puts a stream with something to send into the ring, unless it stands there or has no credit.
    mutating func enqueue(_ index: Int) {
        guard streams[index].wantsTurn else { return }
        streams[index].inRing = true
        ring.append(streams.ref(index))
    }

    func newSlot(id: UInt32, isLocal: Bool, now: Instant) -> StreamSlot {
        var slot = StreamSlot()
        slot.id = id
        slot.isLocal = isLocal
        slot.sendLimit = configuration.peer.streamWindow
        slot.granted = configuration.own.streamWindow
        slot.window = configuration.own.streamWindow
        slot.windowUpdated = now
        slot.lastConsumed = now
        slot.compression = configuration.compress ? CompressionPolicy(enabled: true) : nil
        return slot
    }

    private mutating func appendHead(stream: UInt32, end: Bool) throws(WireError) {
        let head = scratch
        try writer.append(.head, end ? .end : [], stream: stream, length: head.count) { $0.append(contentsOf: head) }
    }

    /// Closes a stream whose directions have both ended.
    mutating func closeIfDone(_ index: Int) throws(WireError) {
        guard streams[index].endSent, streams[index].remoteEnded, !streams[index].closed else { return }
        budget.progress()
        close(index)
        if streams[index].released { try cleanUp(index) }
    }

    /// No frame of the stream is sent or accepted any more; what it held is given back to the link.
    mutating func close(_ index: Int) {
        guard !streams[index].closed else { return }
        deadlines.clear(index)
        dropQueue(index)
        streams[index].closed = true  // FRAME-5.3
        streams[index].wantsWritable = false
    }

    /// Forgets what a stream has not sent yet.
    mutating func dropQueue(_ index: Int) {
        queued -= streams[index].queue.count
        overhang -= streams[index].overhang
        streams[index].queue = SendQueue()
        mayWake = mayWake || !waiting.isEmpty
    }

    mutating func cleanUp(_ index: Int) throws(WireError) {
        let isLocal = streams[index].isLocal
        // Bytes that nobody will consume any more must not be missing from the link's credit.
        try credit(link: streams[index].held)  // FLOW-3.1
        streams.remove(index)
        guard !isLocal else { return }
        cleanedCount += 1  // FLOW-5.2
        let limit = cleanedCount &+ configuration.own.maxStreams
        guard limit &- acceptLimit >= max(configuration.own.maxStreams / 2, 1) else { return }
        acceptLimit = limit
        try writer.append(.maxStreams, stream: 0, length: 4) { $0.appendInteger(limit) }
    }
}

extension String {
    /// At most `Limits.reason` bytes of it, cut between two characters: half a character would not be UTF-8 and end the link.
    var cutToReason: [UInt8] {
        var bytes = Array(utf8.prefix(Limits.reason))
        // FRAME-1.7: a byte 10xxxxxx continues a character that has begun before it.
        guard utf8.count > bytes.count, let next = utf8.dropFirst(bytes.count).first, next & 0xC0 == 0x80 else { return bytes }
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        return bytes
    }
}
