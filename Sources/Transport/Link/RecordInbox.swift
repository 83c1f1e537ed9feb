import NIOCore
import Wire

/// Turns what a link's socket reads into opened records. Each byte is decrypted once, from the socket's buffer into one of the
/// link's own; only a record that two reads share is copied before.
struct RecordInbox {
    /// The frames of the records that were opened last.
    private(set) var plaintext = ByteBuffer()
    /// Buffers that bodies are slices of, oldest first: used again once those are gone, which is sooner than the system gives
    /// and takes pages.
    private var lent: [ByteBuffer] = []
    private var isLent = false
    /// Where each of these records stands in it.
    private(set) var records: [Range<Int>] = []
    /// The beginning of a record whose end has not come.
    private var partial = ByteBuffer()

    /// Opens every record that `bytes` makes whole, and forgets those of the last time. What it throws ends the link.
    mutating func open(_ bytes: consuming ByteBuffer, with machine: inout LinkMachine, now: Instant) throws(WireError) {  // REC-1.5
        records.removeAll(keepingCapacity: true)
        if isLent { replacePlaintext() }
        plaintext.clear(minimumCapacity: partial.readableBytes + bytes.readableBytes)
        if partial.readableBytes > 0 {
            guard complete(from: &bytes) else { return }
            var record = ByteBuffer()
            swap(&record, &partial)
            try openRecord(in: &record, with: &machine, now: now)
            swap(&record, &partial)
            partial.clear()
        }
        while let length = bytes.getInteger(at: bytes.readerIndex, as: UInt16.self), bytes.readableBytes >= 2 + Int(length) {
            try openRecord(in: &bytes, with: &machine, now: now)
        }
        partial.writeBuffer(&bytes)
    }

    /// Bytes of `plaintext` for a receiver to keep: small ones as a copy, so that they do not keep a whole buffer alive.
    mutating func body(_ range: Range<Int>, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard let slice = plaintext.getSlice(at: range.lowerBound, length: range.count) else { return ByteBuffer() }
        guard range.count < Limits.quantum else {
            isLent = true
            return slice
        }
        var copy = allocator.buffer(capacity: range.count)
        copy.writeBytes(slice.readableBytesSpan)
        return copy
    }

    private mutating func replacePlaintext() {
        isLent = false
        lent.append(plaintext)
        plaintext = lent.count > Limits.lentBuffers ? lent.removeFirst() : ByteBuffer()
    }

    /// Moves what the partial record lacks out of `bytes`. `false` if they are not enough.
    private mutating func complete(from bytes: inout ByteBuffer) -> Bool {
        take(2 - partial.readableBytes, from: &bytes)
        guard let length = partial.getInteger(at: partial.readerIndex, as: UInt16.self) else { return false }
        take(2 + Int(length) - partial.readableBytes, from: &bytes)
        return partial.readableBytes == 2 + Int(length)
    }

    private mutating func take(_ count: Int, from bytes: inout ByteBuffer) {
        guard count > 0, var part = bytes.readSlice(length: min(count, bytes.readableBytes)) else { return }
        partial.writeBuffer(&part)
    }

    /// Opens the record at the front of `bytes`, which is whole, and moves behind it.
    private mutating func openRecord(in bytes: inout ByteBuffer, with machine: inout LinkMachine, now: Instant) throws(WireError) {
        guard let length = bytes.readInteger(as: UInt16.self).map(Int.init) else { return }
        let start = plaintext.writerIndex
        let room = max(0, length - Limits.tag)
        var failure: WireError?
        bytes.readWithUnsafeReadableBytes { source in
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                var target = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: target.prefix(room)))
                do throws(WireError) {
                    return try machine.open(RawSpan(_unsafeBytes: source.prefix(length)), into: &target, now: now)
                } catch {
                    failure = error
                    return 0
                }
            }
            return length
        }
        if let failure { throw failure }
        records.append(start..<plaintext.writerIndex)
    }

    /// Gives back the memory that an idle link does not need.
    mutating func trim() {
        plaintext = ByteBuffer()
        lent = []
        isLent = false
        records = []
        if partial.readableBytes == 0 { partial = ByteBuffer() }
    }
}
