/// What one message of a Noise handshake does, in order (Noise 5.3).
package enum NoiseToken: Sendable {
    case e, s, ee, es, se, ss, psk
}

/// A Noise handshake pattern as data (Noise 7): who knows what beforehand, and which tokens each message carries.
package struct HandshakePattern: Sendable {
    /// With its modifiers, as it stands in a protocol name: "XXpsk3".
    package let name: String
    private let initiatorIsKnown: Bool
    private let responderIsKnown: Bool
    /// The messages in turn, the initiator's first.
    package let messages: [[NoiseToken]]

    /// Whether the other side knows the static key of `side` before the first message.
    package func isKnown(_ side: HandshakeRole) -> Bool { side == .initiator ? initiatorIsKnown : responderIsKnown }

    /// How many messages it has.
    package var messageCount: Int { messages.count }
    /// How many pre-shared keys it takes.
    package var pskCount: Int { messages.joined().count { $0 == .psk } }
    /// One message, and then only the initiator speaks.
    package var isOneWay: Bool { messages.count == 1 }

    /// Links between members.
    package static let xx = HandshakePattern(name: "XX", messages: [[.e], [.e, .ee, .s, .es], [.s, .se]])
    /// Enrolment: the token's secret enters with the last message.
    package static let xxpsk3 = HandshakePattern(name: "XXpsk3", messages: [[.e], [.e, .ee, .s, .es], [.s, .se, .psk]])
    /// Datagrams.
    package static let ik = HandshakePattern(name: "IK", responder: true, messages: [[.e, .es, .s, .ss], [.e, .ee, .se]])

    /// The fundamental patterns of the specification, one-way and interactive.
    package static let fundamental: [HandshakePattern] = [
        HandshakePattern(name: "N", responder: true, messages: [[.e, .es]]),
        HandshakePattern(name: "K", initiator: true, responder: true, messages: [[.e, .es, .ss]]),
        HandshakePattern(name: "X", responder: true, messages: [[.e, .es, .s, .ss]]),
        HandshakePattern(name: "NN", messages: [[.e], [.e, .ee]]),
        HandshakePattern(name: "NK", responder: true, messages: [[.e, .es], [.e, .ee]]),
        HandshakePattern(name: "NX", messages: [[.e], [.e, .ee, .s, .es]]),
        HandshakePattern(name: "KN", initiator: true, messages: [[.e], [.e, .ee, .se]]),
        HandshakePattern(name: "KK", initiator: true, responder: true, messages: [[.e, .es, .ss], [.e, .ee, .se]]),
        HandshakePattern(name: "KX", initiator: true, messages: [[.e], [.e, .ee, .se, .s, .es]]),
        HandshakePattern(name: "XN", messages: [[.e], [.e, .ee], [.s, .se]]),
        HandshakePattern(name: "XK", responder: true, messages: [[.e, .es], [.e, .ee], [.s, .se]]),
        HandshakePattern(name: "IN", messages: [[.e, .s], [.e, .ee, .se]]),
        HandshakePattern(name: "IX", messages: [[.e, .s], [.e, .ee, .se, .s, .es]]),
        xx, ik,
    ]

    /// The patterns of the specification's appendix: a "1" puts off the proof of that side's key to the message after.
    package static let deferred: [HandshakePattern] = [
        HandshakePattern(name: "NK1", responder: true, messages: [[.e], [.e, .ee, .es]]),
        HandshakePattern(name: "NX1", messages: [[.e], [.e, .ee, .s], [.es]]),
        HandshakePattern(name: "X1N", messages: [[.e], [.e, .ee], [.s], [.se]]),
        HandshakePattern(name: "X1K", responder: true, messages: [[.e, .es], [.e, .ee], [.s], [.se]]),
        HandshakePattern(name: "XK1", responder: true, messages: [[.e], [.e, .ee, .es], [.s, .se]]),
        HandshakePattern(name: "X1K1", responder: true, messages: [[.e], [.e, .ee, .es], [.s], [.se]]),
        HandshakePattern(name: "X1X", messages: [[.e], [.e, .ee, .s, .es], [.s], [.se]]),
        HandshakePattern(name: "XX1", messages: [[.e], [.e, .ee, .s], [.es, .s, .se]]),
        HandshakePattern(name: "X1X1", messages: [[.e], [.e, .ee, .s], [.es, .s], [.se]]),
        HandshakePattern(name: "K1N", initiator: true, messages: [[.e], [.e, .ee], [.se]]),
        HandshakePattern(name: "K1K", initiator: true, responder: true, messages: [[.e, .es], [.e, .ee], [.se]]),
        HandshakePattern(name: "KK1", initiator: true, responder: true, messages: [[.e], [.e, .ee, .se, .es]]),
        HandshakePattern(name: "K1K1", initiator: true, responder: true, messages: [[.e], [.e, .ee, .es], [.se]]),
        HandshakePattern(name: "K1X", initiator: true, messages: [[.e], [.e, .ee, .s, .es], [.se]]),
        HandshakePattern(name: "KX1", initiator: true, messages: [[.e], [.e, .ee, .se, .s], [.es]]),
        HandshakePattern(name: "K1X1", initiator: true, messages: [[.e], [.e, .ee, .s], [.se, .es]]),
        HandshakePattern(name: "I1N", messages: [[.e, .s], [.e, .ee], [.se]]),
        HandshakePattern(name: "I1K", responder: true, messages: [[.e, .es, .s], [.e, .ee], [.se]]),
        HandshakePattern(name: "IK1", responder: true, messages: [[.e, .s], [.e, .ee, .se, .es]]),
        HandshakePattern(name: "I1K1", responder: true, messages: [[.e, .s], [.e, .ee, .es], [.se]]),
        HandshakePattern(name: "I1X", messages: [[.e, .s], [.e, .ee, .s, .es], [.se]]),
        HandshakePattern(name: "IX1", messages: [[.e, .s], [.e, .ee, .se, .s], [.es]]),
        HandshakePattern(name: "I1X1", messages: [[.e, .s], [.e, .ee, .s], [.se, .es]]),
    ]

    private init(name: String, initiator: Bool = false, responder: Bool = false, messages: [[NoiseToken]]) {
        self.name = name
        initiatorIsKnown = initiator
        responderIsKnown = responder
        self.messages = messages
    }

    /// The pattern called `name`, such as "IKpsk2" or "NNpsk0+psk2"; `nil` where this engine does not know it.
    package init?(name: String) {
        let known = (Self.fundamental + Self.deferred).filter { name.hasPrefix($0.name) }
        guard let base = known.max(by: { $0.name.utf8.count < $1.name.utf8.count }) else { return nil }
        var messages = base.messages
        let modifiers = name.dropFirst(base.name.count).split(separator: "+", omittingEmptySubsequences: false)
        for modifier in modifiers where modifiers != [""] {
            guard modifier.hasPrefix("psk"), modifier.utf8.count == 4, let index = Int(modifier.dropFirst(3)), 0...messages.count ~= index
            else { return nil }
            if index == 0 { messages[0].insert(.psk, at: 0) } else { messages[index - 1].append(.psk) }
        }
        self.init(name: name, initiator: base.initiatorIsKnown, responder: base.responderIsKnown, messages: messages)
    }
}
