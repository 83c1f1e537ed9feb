import ArgumentParser

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

    @OptionGroup var config: ConfigOption

    static let standard = "http://127.0.0.1:8080"
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

    /// The data folder.
    /// - Throws: a `Failure` where none was given.
    func folder() throws -> String {
        guard let folder = try config.settings().text(data, "data") else {
            throw Failure.usage("Say which coordinator: --data DIR is its data folder.")
        }
        return folder
    }
}

/// How a command that stays up logs.
struct LogOptions: ParsableArguments {
    @Flag(help: "Log one JSON object a line.")
    var json = false

    @Option(help: ArgumentHelp("The least level that is logged: trace, debug, info, notice, warning, error.", valueName: "level"))
    var logLevel: String?
}

/// Where and how HTTP is served.
struct HTTPOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where to serve HTTP; loopback unless told otherwise.", valueName: "addr:port"))
    var http: ListenAddress?

    @Option(help: ArgumentHelp("PEM file of the certificate chain: serve HTTPS.", valueName: "file"), completion: .file())
    var httpCert: String?

    @Option(help: ArgumentHelp("PEM file of the certificate's key.", valueName: "file"), completion: .file())
    var httpKey: String?

    @Option(
        help: ArgumentHelp("File of bearer tokens, one a line, mode 0600: every request needs one.", valueName: "file"), completion: .file()
    )
    var httpTokenFile: String?

    @Flag(help: "Serve plain HTTP off loopback. Whoever reaches the port can call every service.")
    var insecureHttp = false
}
