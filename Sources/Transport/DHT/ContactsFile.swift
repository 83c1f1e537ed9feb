public import Wire

/// The contacts that a node keeps over a restart, in its data folder: a line that says what it is, the contacts as the wire has them,
/// each behind its length, and a SHA-256 of all that.
public struct ContactsFile: Sendable {
    private let folder: PrivateFolder
    private static let name = "contacts"
    private static let header = Array("wiremesh contacts 1\n".utf8)
    private static let digest = 32
    /// Contacts that are kept: enough that some of them are still where they were.
    public static let most = 256

    public init(_ folder: PrivateFolder) { self.folder = folder }

    /// What was kept; nothing in a new folder. Throws a sentence where the file is not whole, or not one of this program.
    public func read() throws(FolderError) -> [Contact] {
        guard let bytes = try folder.read(Self.name) else { return [] }
        do throws(WireError) {
            return try Self.decode(bytes)
        } catch {
            throw FolderError(
                "\(folder.path)/\(Self.name) is no whole list of contacts (\(error)); remove it, the node finds others by its coordinator")
        }
    }

    /// Replaces what is kept, at once or not at all.
    public func write(_ contacts: [Contact]) throws(FolderError) {
        let bytes: [UInt8]
        do { bytes = try Self.encode(Array(contacts.prefix(Self.most))) } catch {
            throw FolderError("the contacts cannot be written: \(error)")
        }
        try folder.write(Self.name, bytes)
    }

    static func encode(_ contacts: [Contact]) throws(WireError) -> [UInt8] {
        var bytes = header
        for contact in contacts { try MessageSequence.append(try contact.encode(), to: &bytes) }
        return bytes + SHA256.hash(bytes).bytes
    }

    static func decode(_ bytes: [UInt8]) throws(WireError) -> [Contact] {
        guard bytes.starts(with: header) else { throw .badPreface }
        guard bytes.count >= header.count + digest else { throw .truncated }
        let body = Array(bytes.dropLast(digest))
        guard SHA256.hash(body).bytes == Array(bytes.suffix(digest)) else { throw .authentication }
        var reader = MessageReader(limit: Limits.datagram)
        reader.append(body.dropFirst(header.count))
        var contacts: [Contact] = []
        while let message = try reader.next() {
            guard contacts.count < most else { throw .oversized }
            contacts.append(try Contact(message))
        }
        guard reader.isAtBoundary else { throw .truncated }
        return contacts
    }
}
