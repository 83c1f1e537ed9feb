/// Names of workers and services: what a certificate binds, a registry lists and a path carries.
public enum Name {
    /// Whether `text` is one: 1 to `Limits.name` bytes of letters, digits, "-", "_" and ".", beginning with a letter or digit.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= Limits.name, isAlphanumeric(first) else { return false }  // ID-4.1
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
