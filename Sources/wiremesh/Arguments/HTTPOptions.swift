import ArgumentParser
import Foundation
import HTTPCompat

/// Where and how HTTP is served.
struct HTTPOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where to serve HTTP; on loopback unless told otherwise.", valueName: "addr:port"))
    var http: ListenAddress?

    @Option(help: ArgumentHelp("PEM file of the certificate chain: serve HTTPS.", valueName: "file"), completion: .file())
    var httpCert: String?

    @Option(help: ArgumentHelp("PEM file of the certificate's key.", valueName: "file"), completion: .file())
    var httpKey: String?

    @Option(
        help: ArgumentHelp("File of bearer tokens, one a line, mode 0600: every request needs one.", valueName: "file"),
        completion: .file())
    var httpTokenFile: String?

    @Flag(help: "Serve plain HTTP off loopback: whoever reaches the port can call every service.")
    var insecureHttp = false

    /// What they and the settings make of the front.
    /// - Parameter standardPort: the port where none was asked for.
    func front(_ settings: Settings, standardPort: Int) throws -> FrontConfiguration {
        let asked = try settings.value(http, "http", ListenAddress.wanted) { ListenAddress(argument: $0) }
        let address = asked ?? .standard("127.0.0.1", standardPort)
        var front = FrontConfiguration(port: address.port)
        front.host = address.host
        front.movesToFreePort = address.isDefault
        front.certificate = settings.text(httpCert, "http-cert")
        front.key = settings.text(httpKey, "http-key")
        front.tokenFile = settings.text(httpTokenFile, "http-token-file")
        front.allowsInsecure = try settings.isOn(insecureHttp, "insecure-http")
        front.allowedOrigins = FrontConfiguration.origins(ProcessInfo.processInfo.environment["ALLOWED_ORIGINS"] ?? "")
        return front
    }
}
