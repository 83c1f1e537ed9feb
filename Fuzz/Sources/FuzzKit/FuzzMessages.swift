public import Wire

/// The messages of the registry, and what must hold for each of them.
public enum FuzzMessages {
    /// In the order that the first byte of an input chooses from.
    public static let kinds: [any WireMessage.Type] = [
        EnrolRequest.self, RenewRequest.self, EnrolAnswer.self, WorkerRecord.self, ServiceLoad.self, LoadUpdate.self, Notice.self,
        ServiceSummary.self, ServiceList.self, DiscoverRequest.self, DiscoverAnswer.self, ResolveRequest.self, ServiceRecord.self,
        WatchRequest.self, WatchEvent.self, Registration.self, RegistrationAccepted.self, RelayRecord.self, CircuitRequest.self,
        DHTRequest.self, DHTAnswer.self, ProviderEntry.self,
    ]

    /// What can be read can be written, and reads the same again.
    public static func check<Message: WireMessage>(_: Message.Type, _ bytes: [UInt8]) {
        var reader = MessageReader(limit: 1_000)
        reader.append(bytes)
        while let message = try? reader.next() { precondition(message.count <= 1_000) }
        guard let message = try? Message(bytes) else { return }
        guard let encoded = try? message.encode(), let again = try? Message(encoded), let twice = try? again.encode() else {
            fatalError("read what cannot be written")
        }
        precondition(encoded == twice)
    }
}
