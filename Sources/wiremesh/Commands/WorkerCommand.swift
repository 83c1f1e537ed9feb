import ArgumentParser
import Foundation
import HTTPCompat
import Logging
import NIOPosix
import Wire
import Worker

/// `wiremesh worker`
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Offer services to the mesh, and forward calls to the services of others.",
        discussion: """
            The first start joins with a token; later ones need none. With a coordinator's URL, but neither token nor identity, it \
            speaks HTTP only: no encryption, no identity, and it wants --insecure-http. It beats every HEARTBEAT_INTERVAL_SECONDS (30).
            """)

    @Option(
        help: ArgumentHelp("The folder that holds this worker's identity; made at the first start.", valueName: "dir"),
        completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("The join token, for the first start.", valueName: "token"))
    var join: String?

    @Option(help: ArgumentHelp("This worker's name in the mesh (default: WORKER_ID, then the host's name).", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("A service to offer, and the URL of the server that does its work. Repeatable.", valueName: "name=url"))
    var service: [ServiceArgument] = []

    @Option(help: ArgumentHelp("Where to accept links (default: 0.0.0.0:7701).", valueName: "addr:port"))
    var listen: ListenAddress?

    @Option(help: ArgumentHelp("Where others reach that (default: as the coordinator sees this worker).", valueName: "host:port"))
    var advertise: EndpointArgument?

    @OptionGroup var http: HTTPOptions

    @Option(help: ArgumentHelp("The URL at which others reach this worker over HTTP.", valueName: "url"))
    var httpAdvertise: String?

    @Option(
        help: ArgumentHelp(
            "The coordinator's HTTP URL (default: COORDINATOR_URL): asked when it cannot be reached by a link.", valueName: "url"))
    var coordinatorUrl: String?

    @OptionGroup var authority: AuthorityOption

    @Option(help: ArgumentHelp("Where this worker stands: nearer workers are preferred.", valueName: "region"))
    var region: String?

    @Option(help: ArgumentHelp("A place within the region.", valueName: "zone"))
    var zone: String?

    @Flag(help: "Stay out of the DHT: no datagrams; services are found by the coordinator alone.")
    var noDht = false

    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOption

    func run() async throws {
        let settings = try config.settings()
        let logger = try log.logger("wiremesh.worker", settings)
        var plan = try plan(settings)
        plan.configuration.keyLog = try KeyLogSetting.open(logger)
        try await HTTPFront.check(plan.front)
        if plan.configuration.dataFolder == nil {
            logger.warning(
                "this worker speaks HTTP only: nothing is encrypted, and anybody can take its name; join with --data and --join"
            )
        }
        try await Signals.run { [plan] in
            let worker = try await RunningWorker.start(plan, logger: logger)
            await Signals.never()
            await worker.shutdown()
        }
    }

    private func plan(_ settings: Settings) throws -> WorkerPlan {
        let wanted = settings.text(name, "name")
        var configuration = WorkerConfiguration(name: wanted ?? Self.hostName)
        configuration.dataFolder = settings.text(data, "data")
        configuration.joinToken = try settings.text(join, "join").map(Self.checkedToken)
        let listen =
            try settings.value(listen, "listen", ListenAddress.wanted) { ListenAddress(argument: $0) } ?? .standard("0.0.0.0", 7_701)
        configuration.listenHost = listen.host
        configuration.listenPort = listen.port
        configuration.mayMovePort = listen.isDefault
        let advertised = try settings.value(advertise, "advertise", EndpointArgument.wanted) { EndpointArgument(argument: $0) }
        configuration.advertised = advertised.map { [$0.endpoint] } ?? []
        configuration.region = settings.text(region, "region")
        configuration.zone = settings.text(zone, "zone")
        configuration.usesDHT = try !settings.isOn(noDht, "no-dht")
        if let interval = try Self.heartbeatInterval(ProcessInfo.processInfo.environment) { configuration.heartbeatInterval = interval }
        let front = try http.front(settings, standardPort: 8_000)
        var plan = WorkerPlan(configuration: configuration, front: front, nameWasAsked: wanted != nil)
        plan.coordinatorURL = settings.text(coordinatorUrl, "coordinator-url")
        plan.coordinatorAuthority = authority.file(settings)
        plan.coordinatorToken = try front.tokenFile.map(TokenFile.first)
        plan.httpAdvertise = try settings.text(httpAdvertise, "http-advertise").map(Self.checkedURL)
        if let host = plan.httpAdvertise.flatMap({ URLComponents(string: $0)?.host }) { plan.front.allowedHosts = [host] }
        plan.services = try services(settings)
        try chooseKind(&plan)
        return plan
    }

    /// A worker with a token or an identity speaks the wire protocol; one with only a coordinator's URL speaks HTTP.
    private func chooseKind(_ plan: inout WorkerPlan) throws {
        if plan.configuration.joinToken != nil || WorkerNode.hasIdentity(at: plan.configuration.dataFolder) {
            guard plan.configuration.dataFolder != nil else {
                throw Failure.usage("Give --data DIR as well: the identity that the token leads to is kept there.")
            }
            return
        }
        guard plan.coordinatorURL != nil else {
            throw Failure.usage(
                "This worker has no identity yet: make a token with `wiremesh token create`, and start with --data DIR --join TOKEN."
            )
        }
        guard plan.front.allowsInsecure else {
            throw Failure.usage(
                "Without a token this worker speaks plain HTTP only: give --data DIR --join TOKEN, or accept that with --insecure-http."
            )
        }
        plan.configuration.dataFolder = nil
    }

    private func services(_ settings: Settings) throws -> [ServiceArgument] {
        guard service.isEmpty else { return service }
        return try settings.list([], "service").map { text in
            guard let service = ServiceArgument(argument: text) else {
                throw Failure.usage("\(settings.origin("service")) has '\(text)', which is not \(ServiceArgument.wanted).")
            }
            return service
        }
    }

    private static func heartbeatInterval(_ environment: [String: String]) throws -> Duration? {
        guard let text = environment["HEARTBEAT_INTERVAL_SECONDS"] else { return nil }
        guard let seconds = Double(text), seconds > 0, seconds < 1e9 else {
            throw Failure.usage("HEARTBEAT_INTERVAL_SECONDS is \"\(text)\": give it a positive number of seconds.")
        }
        return .seconds(seconds)
    }

    private static func checkedURL(_ text: String) throws -> String {
        guard let url = URLComponents(string: text), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            throw Failure.usage("'\(text)' is not a URL for --http-advertise: give one such as http://gpu-1.example:8000.")
        }
        return text
    }

    private static func checkedToken(_ text: String) throws -> String {
        do { _ = try JoinToken(text) } catch { throw Failure.usage("\(error)") }
        return text
    }

    /// The host's name, as far as it can be a worker's.
    private static var hostName: String {
        let name = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? ""
        return Name.isValid(name) ? name : "worker"
    }
}
