import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Transport
import Wire

/// Many nodes of a DHT in this process, each with a socket, keys and sessions of its own: how long it takes them to come together, to
/// publish and to find. Prints one line of JSON.
struct DHT: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Bring up a DHT in one process, publish and find.")

    @Option var nodes: Int = 1_024
    /// Nodes that publish a service, and nodes that look for them.
    @Option var providers: Int = 100
    @Option var finders: Int = 50
    /// Times that each finder looks for each of ten services.
    @Option var rounds: Int = 5

    func validate() throws {
        guard nodes > 2, providers >= 10, providers <= nodes, finders > 0, finders <= nodes, rounds > 1 else {
            throw ValidationError("Give at least 3 nodes, 10 providers and 2 rounds, and not more providers or finders than nodes.")
        }
    }

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        var members: [BenchMesh.DHTMember] = []
        for number in 0..<nodes { members.append(try BenchMesh.dhtMember(number)) }
        var memory = Self.residentKiB()
        let began = ContinuousClock.now
        var services: [DHTService] = []
        var seed: Contact?
        for member in members {
            let service = try await DHTService.make(member.configuration, links: nil, contacts: nil, on: group.next())
            let port = try await service.start(host: "127.0.0.1", port: 0)
            let here = Endpoint(host: "127.0.0.1", port: UInt16(port))
            service.setEndpoints([here])
            if let seed { service.add([seed]) } else { seed = member.contact(at: here) }
            services.append(service)
        }
        // The mesh has come together when everybody finds what the last one has published.
        _ = await services[nodes - 1].publish("first")
        for service in services {
            while await service.lookup("first", timeout: .seconds(5)).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        let startUp = ContinuousClock.now - began
        memory = Self.residentKiB() - memory

        var store: [Duration] = []
        for number in 0..<providers {
            let begin = ContinuousClock.now
            let holders = await services[number].publish("service-\(number)")
            store.append(ContinuousClock.now - begin)
            guard holders > 0 else { throw CallError(.unavailable, "nobody has taken service-\(number)") }
        }
        var first: [Duration] = []
        var warm: [Duration] = []
        var lost = 0
        for round in 0..<rounds {
            for finder in 0..<finders {
                for number in 0..<10 {
                    let service = services[nodes - 1 - finder]
                    let begin = ContinuousClock.now
                    let found = await service.lookup("service-\((finder + number * 11) % providers)", timeout: .seconds(5))
                    let time = ContinuousClock.now - begin
                    if found.isEmpty { lost += 1 } else if round == 0 { first.append(time) } else { warm.append(time) }
                }
            }
        }
        let result: [String: Double] = [
            "nodes": Double(nodes), "start_up_s": startUp / .seconds(1), "kib_per_node": Double(memory) / Double(nodes),
            "store_p50_ms": store.milliseconds(at: 0.5), "first_p50_ms": first.milliseconds(at: 0.5),
            "get_p50_ms": warm.milliseconds(at: 0.5), "get_p99_ms": warm.milliseconds(at: 0.99), "lost": Double(lost),
        ]
        FileHandle.standardOutput.write(try JSONSerialization.data(withJSONObject: result, options: .sortedKeys) + Data("\n".utf8))
        for service in services { await service.shutdown() }
    }

    private static func residentKiB() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first
        return (pages.flatMap { Int($0) } ?? 0) * 4
    }
}

extension [Duration] {
    /// The value at this share of the sorted values.
    fileprivate func milliseconds(at share: Double) -> Double {
        let sorted = sorted()
        return sorted.isEmpty ? 0 : sorted[Int(Double(sorted.count - 1) * share)] / .milliseconds(1)
    }
}

/// One node that holds an entry and answers, for `dht-flood` on another core. Prints "listening PORT", then four times a second the
/// requests that it has answered so far and the processor seconds that it has used.
struct DHTNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dht-node", abstract: "Answer requests of the DHT.")

    func run() async throws {
        let member = try BenchMesh.dhtMember(0)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let service = try await DHTService.make(member.configuration, links: nil, contacts: nil, on: loop)
        let port = try await service.start(host: "127.0.0.1", port: 0)
        service.setEndpoints([Endpoint(host: "127.0.0.1", port: UInt16(port))])
        service.provide(["echo"])
        FileHandle.standardOutput.write(Data("listening \(port)\n".utf8))
        while !Task.isCancelled {
            try await Task.sleep(for: .milliseconds(250))
            let answered = await service.statistics()?.answered ?? 0
            FileHandle.standardOutput.write(Data("answered \(answered) seconds \(Self.processorSeconds())\n".utf8))
        }
        await service.shutdown()
    }

    private static func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}

/// Members without a place in tables that ask one node as fast as it answers.
struct DHTFlood: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dht-flood", abstract: "Ask a node of the DHT without a pause.")

    @Option var port: UInt16
    @Option var askers: Int = 32
    @Option var seconds: Double = 5

    func run() async throws {
        let node = try BenchMesh.dhtMember(0).contact(at: Endpoint(host: "127.0.0.1", port: port))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            for number in 1...askers {
                var configuration = try BenchMesh.dhtMember(number).configuration
                configuration.isClient = true
                let asker = try await DHTService.make(configuration, links: nil, contacts: nil, on: group.next())
                try await asker.start(host: "127.0.0.1", port: 0)
                asker.add([node])
                tasks.addTask {
                    var found = 0
                    while ContinuousClock.now < end {
                        if await !asker.lookup("echo", timeout: .seconds(1)).isEmpty { found += 1 }
                    }
                    await asker.shutdown()
                    return found
                }
            }
            var found = 0
            for try await count in tasks { found += count }
            FileHandle.standardOutput.write(Data("{\"found\": \(found), \"rate\": \(Double(found) / seconds)}\n".utf8))
        }
    }
}
