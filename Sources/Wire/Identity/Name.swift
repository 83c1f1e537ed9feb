/// Names of workers and services: what a certificate binds, a registry lists and a path carries.
public enum Name {
    /// Whether `text` is one: 1 to `Limits.name` bytes of letters, digits, ".", "_" and "-", and not only dots.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard 1...Limits.name ~= bytes.count, bytes.contains(where: { $0 != UInt8(ascii: ".") }) else { return false }
        return bytes.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
