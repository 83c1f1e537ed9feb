import NIOCore
import NIOPosix
import Transport
import Wire

/// A relay and two workers that listen nowhere: each keeps one link to the relay.
struct RelayBed {
    let mesh: MeshFixture
    let relay: MeshEndpoint
    let a: MeshEndpoint
    let b: MeshEndpoint
    let atRelay: LinkTarget
    /// `b` by way of the relay.
    let target: LinkTarget

    /// - Parameters:
    ///   - table: what `b` serves; `callerTable`: what `a` does.
    ///   - roles: those of the relay.
    ///   - through: where `b` dials the relay, given where that listens.
    init(
        mesh: MeshFixture? = nil, table: ServiceTable = ServiceTable(), callerTable: ServiceTable = ServiceTable(),
        quota: RelayQuota? = RelayQuota(), relayTable: ServiceTable = ServiceTable(), roles: Roles = .coordinator, compress: Bool = false,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, silenceLimit: Duration = .seconds(3),
        through: (Endpoint) async throws -> Endpoint = { $0 }
    ) async throws {
        self.mesh = try mesh ?? MeshFixture()
        relay = try self.mesh.endpoint(
            "relay", roles: roles, table: relayTable, group: group, silenceLimit: .seconds(30), relay: quota)
        a = try self.mesh.endpoint("a", table: callerTable, group: group, silenceLimit: silenceLimit, compress: compress)
        b = try self.mesh.endpoint("b", table: table, group: group, silenceLimit: silenceLimit, compress: compress)
        atRelay = try await relay.serve()
        let door = try await through(atRelay.endpoints[0])
        _ = try await a.connect(to: atRelay)
        _ = try await b.connect(to: LinkTarget(atRelay.expectation, endpoints: [door]))
        target = LinkTarget(.node(try b.node), endpoints: [], relays: [RelayRecord(nodeID: try relay.node, endpoints: atRelay.endpoints)])
    }

    func close() async {
        await a.shutdown()
        await b.shutdown()
        await relay.shutdown()
    }
}

extension MeshEndpoint {
    /// Its own id.
    var node: NodeID {
        get throws {
            guard let node = credentials.certificate?.nodeID else { throw CallError(.internalError, "no certificate") }
            return node
        }
    }
}
