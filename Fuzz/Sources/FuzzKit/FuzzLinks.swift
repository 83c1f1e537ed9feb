import Wire

/// Handshakes with bytes that no honest peer sends.
public enum FuzzLinks {
    /// Arbitrary bytes, in arbitrary pieces, to both sides.
    public static func receiveRaw(_ input: inout FuzzInput) {
        var responder = FuzzMesh.responder()
        var initiator = FuzzMesh.initiator(enrols: false)
        _ = try? initiator.start()
        do {
            while !input.isEmpty {
                let piece = input.take(Int(input.byte()) + 1)
                if case .established = try initiator.receive(piece) { fatalError("a stranger was believed") }
                if case .established = try responder.receive(piece) { fatalError("a stranger was believed") }
            }
        } catch {}
    }

    /// An honest handshake whose flights are altered on the way: it is finished on both sides only if nothing was.
    public static func alterFlights(of enrols: Bool, _ input: inout FuzzInput) {
        var initiator = FuzzMesh.initiator(enrols: enrols)
        var responder = FuzzMesh.responder()
        var isAltered = false
        func alter(_ flight: [UInt8], _ input: inout FuzzInput) -> [UInt8] {
            var altered = flight
            for _ in 0..<Int(input.byte() & 3) {
                let position = input.word() % altered.count
                switch input.byte() & 3 {
                case 0: altered[position] ^= input.byte()
                case 1: altered.removeSubrange(position...)
                case 2: altered.insert(input.byte(), at: position)
                default: altered.replaceSubrange(position..., with: input.take(Int(input.byte())))
                }
                if altered.isEmpty { altered = [0] }
            }
            if altered != flight { isAltered = true }
            return altered
        }
        do {
            guard case .send(let answer) = try responder.receive(alter(try initiator.start(), &input)) else { return }
            guard case .established(let last, _) = try initiator.receive(alter(answer, &input)) else { return }
            guard case .established(let keys) = try responder.receive(alter(last, &input)) else { return }
            // What follows the last message is not the handshake's.
            precondition(!isAltered || !keys.leftover.isEmpty, "an altered handshake was finished")
        } catch {
            precondition(isAltered, "an honest handshake failed: \(error)")
        }
    }
}
