import Foundation

/// Where an option's value comes from when no flag gives it: the environment, then a file of lines with the same names.
///
/// `--some-name` is `WIREMESH_SOME_NAME`. Two names are older than this program and go on working: `COORDINATOR_URL` for
/// `--coordinator` and `--coordinator-url`, `WORKER_ID` for `--name`.
struct Settings: Sendable {
    /// Every option that the environment and the file may set.
    static let options: Set<String> = [
        "advertise", "allow-http-workers", "catalog", "config", "coordinator", "coordinator-url", "data", "http", "http-advertise",
        "http-ca", "http-cert", "http-key", "http-token-file", "insecure-http", "join", "json", "listen", "log-level", "name", "no-dht",
        "no-relay", "region", "relay-bandwidth", "service", "worker", "worker-token-file", "zone",
    ]
    private static let older = ["coordinator": "COORDINATOR_URL", "coordinator-url": "COORDINATOR_URL", "name": "WORKER_ID"]

    private let environment: [String: String]
    private let file: [String: String]

    /// - Throws: a `Failure` for a file that cannot be read or has a line that is not a setting.
    init(configFile: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        self.environment = environment
        if let path = configFile ?? environment["WIREMESH_CONFIG"] {
            file = try SettingsFile.read(path)
        } else {
            file = [:]
        }
    }

    init(environment: [String: String], file: [String: String]) {
        self.environment = environment
        self.file = file
    }

    /// The value of an option: `flag` if it was given, else what the environment says, else the file. Empty is not given.
    func text(_ flag: String?, _ option: String) -> String? {
        if let flag { return flag }
        for source in [environment, file] {
            for name in Self.names(option) {
                if let value = source[name], !value.isEmpty { return value }
            }
        }
        return nil
    }

    /// The value of an option that has a type; `what` tells people what was expected.
    func value<T>(_ flag: T?, _ option: String, _ what: String, _ parse: (String) -> T?) throws -> T? {
        if let flag { return flag }
        guard let text = text(nil, option) else { return nil }
        guard let value = parse(text) else { throw Failure.usage("\(origin(option)) is '\(text)', which is not \(what).") }
        return value
    }

    /// Whether a switch is on: as a flag, or as 1, true or yes.
    func isOn(_ flag: Bool, _ option: String) throws -> Bool {
        if flag { return true }
        return try value(nil, option, "1 or 0") {
            ["1", "true", "yes"].contains($0) ? true : ["0", "false", "no"].contains($0) ? false : nil
        }
            ?? false
    }

    /// The values of an option that may be repeated; separated by commas where it is not a flag.
    func list(_ flags: [String], _ option: String) -> [String] {
        guard flags.isEmpty else { return flags }
        return (text(nil, option) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The name of the setting that gives an option its value, for messages.
    func origin(_ option: String) -> String {
        Self.names(option).first { !(environment[$0] ?? file[$0] ?? "").isEmpty } ?? "--\(option)"
    }

    /// The names of an option outside the command line, strongest first.
    static func names(_ option: String) -> [String] {
        ["WIREMESH_" + option.uppercased().replacingOccurrences(of: "-", with: "_")] + (older[option].map { [$0] } ?? [])
    }
}
