import Wire

/// A path of the form `/service/{service}[/{rest}]`, taken apart.
package struct ServicePath {
    package let service: String
    /// What follows the service's name, as it came: empty, or begins with "/".
    package let rest: Substring

    /// `nil` for any other path, and for one whose service cannot be a name.
    package init?(_ path: Substring) {
        guard let (name, rest) = Self.segment(path, after: "/service/"), Name.isValid(name) else { return nil }
        service = String(name)
        self.rest = rest
    }

    /// The segment behind `prefix`, and what follows it.
    package static func segment(_ path: Substring, after prefix: String) -> (Substring, rest: Substring)? {
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let tail = path[path.utf8.index(path.startIndex, offsetBy: prefix.utf8.count)...]
        let end = tail.utf8.firstIndex(of: UInt8(ascii: "/")) ?? tail.endIndex
        return end == tail.startIndex ? nil : (tail[..<end], tail[end...])
    }
}
