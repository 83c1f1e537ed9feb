/// What a certificate allows its holder to be.
public struct Roles: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Hosts services and calls them.
    public static let worker = Roles(rawValue: 1)
    /// Admits members and keeps the registry.
    public static let coordinator = Roles(rawValue: 2)
    /// Passes links on for members that cannot be dialled.
    public static let relay = Roles(rawValue: 4)
    /// Calls services, hosts none.
    public static let client = Roles(rawValue: 8)
}
