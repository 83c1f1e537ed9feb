import ArgumentParser
import Foundation
import NIOCore
import Transport
import Wire

/// Keeps a number of calls in flight on one link and prints how many came back.
struct Client: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Call the echo server, with several calls in flight.")

    @Option(help: "Of the server, or with --relayed of its relay.") var port: UInt16
    @Flag(help: "Go through a relay.") var relayed = false
    @Option(help: "echo answers whole requests, stream answers while they come.") var service: String = "echo"
    @Option var size: Int = 128
    @Option var outstanding: Int = 64
    @Option var warmup: Double = 1
    @Option var seconds: Double = 5

    func run() async throws {
        let endpoint = try BenchMesh.endpoint(.client, acceptor: ServiceTable())
        let target = try BenchMesh.target(.server, at: port, isRelayed: relayed)
        _ = try await endpoint.connect(to: target)
        let loop = endpoint.group.next()
        let caller = endpoint.caller(to: target)
        let measurement: Measurement = try await withCheckedThrowingContinuation { continuation in
            loop.execute {
                EchoLoad(
                    caller, loop, service: service, size: size, outstanding: outstanding, Measurement(warmup: warmup, seconds: seconds)
                ) {
                    continuation.resume(with: $0)
                }.start()
            }
        }
        print(measurement.summary(size: size))
        Foundation.exit(0)
    }
}

/// The closed loop: each answer starts the next call. Confined to the loop of the link, so that no call hops between threads.
private final class EchoLoad {
    let caller: any Caller
    let loop: any EventLoop
    let service: String
    let body: ByteBuffer
    var running: Int
    var measurement: Measurement
    private var done: ((Result<Measurement, CallError>) -> Void)?

    init(
        _ caller: any Caller, _ loop: any EventLoop, service: String, size: Int, outstanding: Int, _ measurement: Measurement,
        done: @escaping (Result<Measurement, CallError>) -> Void
    ) {
        self.caller = caller
        self.loop = loop
        self.service = service
        body = ByteBuffer(repeating: UInt8(ascii: "x"), count: size)
        running = outstanding
        self.measurement = measurement
        self.done = done
    }

    func start() {
        for _ in 0..<running { EchoSlot(self).call() }
    }

    func slotIsDone() {
        running -= 1
        if running == 0 { finish(.success(measurement)) }
    }

    func fail(_ error: CallError) { finish(.failure(error)) }

    private func finish(_ result: Result<Measurement, CallError>) {
        guard let done else { return }
        self.done = nil
        done(result)
    }
}

/// One call in flight after the other.
private final class EchoSlot: CallReceiver {
    private let load: EchoLoad
    private let head: Head
    private var stream: (any CallStream)?
    private var started: UInt64 = 0
    private var received = 0

    init(_ load: EchoLoad) {
        self.load = load
        var head = Head()
        head.service = load.service
        self.head = head
    }

    func call() {
        started = NIODeadline.now().uptimeNanoseconds
        received = 0
        let stream = load.caller.open(head, on: load.loop, receiver: self)
        self.stream = stream
        stream.finish(with: load.body)
    }

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        received += data.readableBytes
        stream?.consumed(data.readableBytes)
    }

    func callReceivedEnd() {
        guard received == load.body.readableBytes else { return load.fail(CallError(.internalError, "\(received) bytes came back")) }
        if load.measurement.record(started: started) { call() } else { load.slotIsDone() }
    }

    func callFailed(_ error: CallError) { load.fail(error) }
    func callBecameWritable() {}
}
