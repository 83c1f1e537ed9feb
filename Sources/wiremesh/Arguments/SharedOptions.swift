import ArgumentParser
import Coordinator
import Logging

/// Options of every command that takes settings.
struct ConfigOption: ParsableArguments {
    @Option(help: ArgumentHelp("A file of settings, lines NAME=VALUE.", valueName: "file"), completion: .file())
    var config: String?

    func settings() throws -> Settings { try Settings(configFile: config) }
}

/// Options of what reads: it talks to a coordinator over HTTP.
struct ReadOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The coordinator's HTTP address (default: COORDINATOR_URL, then \(ReadOptions.standard)).", valueName: "url"))
    var coordinator: String?

    @Option(help: ArgumentHelp("A file with the bearer token, where the coordinator wants one.", valueName: "file"), completion: .file())
    var httpTokenFile: String?

    @OptionGroup var authority: AuthorityOption
    @OptionGroup var config: ConfigOption

    static let standard = "http://127.0.0.1:8080"
}

/// Whom a client of a coordinator's HTTPS believes.
struct AuthorityOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("PEM file of the CAs that an HTTPS coordinator is checked against (default: the system's).", valueName: "file"),
        completion: .file())
    var httpCa: String?

    /// The file; `nil` for the system's CAs.
    func file(_ settings: Settings) -> String? { settings.text(httpCa, "http-ca") }
}

/// The switch of everything that lists something.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON, for programs.")
    var json = false
}

/// Options of what administers: it works on the coordinator's data folder, also while the coordinator runs.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The coordinator's data folder.", valueName: "dir"), completion: .directory)
    var data: String?

    @OptionGroup var config: ConfigOption

    /// The coordinator that is meant.
    /// - Throws: a `Failure` where no data folder was given.
    func coordinator() throws -> CoordinatorAdmin {
        guard let folder = try config.settings().text(data, "data") else {
            throw Failure.usage("Say which coordinator: --data DIR is its data folder.")
        }
        return CoordinatorAdmin(dataFolder: folder)
    }
}

/// How a command that stays up logs.
struct LogOptions: ParsableArguments {
    @Flag(help: "Log one JSON object a line.")
    var json = false

    @Option(help: ArgumentHelp("The least level that is logged: trace, debug, info, notice, warning or error.", valueName: "level"))
    var logLevel: String?

    /// The logger of the process.
    func logger(_ label: String, _ settings: Settings) throws -> Logger {
        let name = settings.text(logLevel, "log-level") ?? "info"
        guard let level = Logger.Level(rawValue: name) else {
            throw Failure.usage("'\(name)' is not a level of logging: give trace, debug, info, notice, warning or error.")
        }
        let format: LineLogHandler.Format = try settings.isOn(json, "json") ? .json : .text
        return Logger(label: label) { _ in LineLogHandler(logLevel: level, format: format) }
    }
}
