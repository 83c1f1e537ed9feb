import Wire

/// Plays a vector through the engine of both sides: what one writes must be the vector's bytes, and the other must read the
/// vector's payload from them.
struct NoiseVectorRun: ~Copyable {
    private var initiator: HandshakeState
    private var responder: HandshakeState
    private let isOneWay: Bool

    /// - Throws: what is wrong, for the first message that differs.
    static func play(_ vector: NoiseVector, pattern: HandshakePattern, suite: Suite) throws {
        var run = try NoiseVectorRun(vector, pattern: pattern, suite: suite)
        var index = 0
        while !run.initiator.isFinished {
            guard index < vector.messages.count else { throw Failure.failed("it ends before the handshake does") }
            try run.handshake(vector.messages[index], index)
            index += 1
        }
        if let expected = vector.handshakeHash {
            try expect(run.initiator.handshakeHash.bytes.hex, expected, "the initiator's handshake hash")
            try expect(run.responder.handshakeHash.bytes.hex, expected, "the responder's handshake hash")
        }
        try run.transport(vector.messages, from: index)
    }

    private init(_ vector: NoiseVector, pattern: HandshakePattern, suite: Suite) throws {
        let left = try vector.initiator()
        let right = try vector.responder()
        let first = try HandshakeState(pattern, suite: suite, role: .initiator, prologue: left.prologue, keys: left.keys)
        let second = try HandshakeState(pattern, suite: suite, role: .responder, prologue: right.prologue, keys: right.keys)
        initiator = first
        responder = second
        isOneWay = pattern.isOneWay
    }

    private mutating func handshake(_ message: NoiseVector.Message, _ index: Int) throws {
        let payload = try Self.bytes(message.payload)
        let written: [UInt8]
        let read: [UInt8]
        if index.isMultiple(of: 2) {
            written = try initiator.write(payload)
            read = try responder.read(written)
        } else {
            written = try responder.write(payload)
            read = try initiator.read(written)
        }
        try Self.expect(written.hex, message.ciphertext, "message \(index)")
        try Self.expect(read.hex, message.payload, "the payload of message \(index)")
    }

    private consuming func transport(_ messages: [NoiseVector.Message], from first: Int) throws {
        let isOneWay = isOneWay
        var left = try initiator.split()
        var right = try responder.split()
        for index in first..<messages.count {
            let payload = try Self.bytes(messages[index].payload)
            let sealed: [UInt8]
            let opened: [UInt8]
            if isOneWay || index.isMultiple(of: 2) {
                sealed = try Self.seal(payload, &left.send)
                opened = try Self.open(sealed, &right.receive)
            } else {
                sealed = try Self.seal(payload, &right.send)
                opened = try Self.open(sealed, &left.receive)
            }
            try Self.expect(sealed.hex, messages[index].ciphertext, "message \(index)")
            try Self.expect(opened.hex, messages[index].payload, "the payload of message \(index)")
        }
    }

    private static func seal(_ payload: [UInt8], _ cipher: inout CipherState) throws -> [UInt8] {
        var bytes = payload + [UInt8](repeating: 0, count: Limits.tag)
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try cipher.encrypt(&span)
        return bytes
    }

    private static func open(_ sealed: [UInt8], _ cipher: inout CipherState) throws -> [UInt8] {
        var bytes = sealed
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try cipher.decrypt(&span)
        return Array(bytes.dropLast(Limits.tag))
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        guard let bytes = [UInt8](hex: hex) else { throw Failure.failed("a payload is not hexadecimal") }
        return bytes
    }

    private static func expect(_ got: String, _ wanted: String, _ what: String) throws {
        if got != wanted.lowercased() { throw Failure.failed("\(what) is \(got.prefix(96)), not \(wanted.prefix(96))") }
    }
}
