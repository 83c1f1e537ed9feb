import ArgumentParser
import Coordinator
import Foundation
import HTTPCompat
import Transport

/// `wiremesh coordinator`
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Admit members, keep the registry, answer who has which service.",
        discussion:
            "The first start makes the authority of a new mesh in the data folder. `wiremesh token create` makes a token for each worker.")

    @Option(
        help: ArgumentHelp("The folder that holds the mesh's authority and registry; made at the first start.", valueName: "dir"),
        completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("Where to accept links (default: 0.0.0.0:7700).", valueName: "addr:port"))
    var listen: ListenAddress?

    @Option(help: ArgumentHelp("Where workers reach that (default: the listening address, or the interfaces').", valueName: "host:port"))
    var advertise: EndpointArgument?

    @OptionGroup var http: HTTPOptions

    @Option(
        help: ArgumentHelp("A JSON file with the services that are expected, in place of the built-in catalogue.", valueName: "file"),
        completion: .file())
    var catalog: String?

    @Flag(help: "Take registrations of workers that speak HTTP only: they have no key, and anybody can make one.")
    var allowHttpWorkers = false

    @Flag(help: "Pass no links on: a worker that nobody can dial is then unreachable for the others.")
    var noRelay = false

    @Option(help: ArgumentHelp("Bytes a second that one member gets through this coordinator as a relay.", valueName: "bytes"))
    var relayBandwidth: Int?

    @Flag(help: "Stay out of the DHT: no datagrams; members find each other by it only among themselves.")
    var noDht = false

    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOption

    func run() async throws {
        let settings = try config.settings()
        let logger = try log.logger("wiremesh.coordinator", settings)
        var plan = try plan(settings)
        plan.configuration.keyLog = try KeyLogSetting.open(logger)
        try await HTTPFront.check(plan.front)
        try await Signals.run { [plan] in
            let coordinator = try await RunningCoordinator.start(plan, logger: logger)
            await Signals.never()
            await coordinator.shutdown()
        }
    }

    private func relay(_ settings: Settings) throws -> RelayQuota? {
        if try settings.isOn(noRelay, "no-relay") { return nil }
        let wanted = "a positive number of bytes"
        guard let bytes = try settings.value(relayBandwidth, "relay-bandwidth", wanted, { Int($0) }) else { return RelayQuota() }
        guard bytes > 0 else { throw Failure.usage("--relay-bandwidth is \(bytes): give it \(wanted).") }
        return RelayQuota(bandwidth: bytes)
    }

    private func plan(_ settings: Settings) throws -> CoordinatorPlan {
        guard let folder = settings.text(data, "data") else {
            throw Failure.usage("Give --data DIR: the folder that holds the mesh's authority; it is made if it is not there.")
        }
        let listen = try settings.value(listen, "listen", ListenAddress.wanted) { ListenAddress(argument: $0) }
        let address = listen ?? .standard("0.0.0.0", Int(CoordinatorConfiguration.defaultPort))
        var configuration = CoordinatorConfiguration(
            dataFolder: folder, listenHost: address.host, listenPort: UInt16(clamping: address.port))
        let advertised = try settings.value(advertise, "advertise", EndpointArgument.wanted) { EndpointArgument(argument: $0) }
        configuration.advertised = advertised.map { [$0.endpoint] } ?? []
        configuration.allowHTTPWorkers = try settings.isOn(allowHttpWorkers, "allow-http-workers")
        if let file = settings.text(catalog, "catalog") { configuration.catalogue = try CatalogueFile.load(file) }
        configuration.relay = try relay(settings)
        configuration.usesDHT = try !settings.isOn(noDht, "no-dht")
        try configuration.read(environment: ProcessInfo.processInfo.environment)
        var plan = CoordinatorPlan(configuration: configuration, front: try http.front(settings, standardPort: 8_080))
        plan.mayMovePort = address.isDefault
        return plan
    }
}
