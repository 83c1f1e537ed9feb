import Foundation
import Testing

extension Integration {
    /// Bodies larger than any buffer.
    @Suite struct Bodies {
        private static let gibibyte = 1 << 30
        /// What two workers may grow by while 1 GiB passes: windows and buffers, not the body.
        private static let allowance = 64 << 20

        /// Runs a transfer and checks that no worker's memory grew with it.
        private func withMemoryFlat(_ mesh: TwoWorkers, _ transfer: () async throws -> Void) async throws {
            // Once the coordinator has dialled it back, the other worker can be reached over the wire.
            try await until("a should reach demo") { try await curl(mesh.a.url("demo", "/source?bytes=1000")).status == 200 }
            let before = [mesh.a, mesh.b].map { $0.program.memory.now }
            try await transfer()
            for (worker, start) in zip([mesh.a, mesh.b], before) {
                let growth = worker.program.memory.peak - start
                #expect(growth < Self.allowance, "\(worker.name) grew by \(growth >> 20) MiB")
            }
        }

        @Test(arguments: Implementation.allCases)
        func aGibibyteComesBack(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            try await withMemoryFlat(mesh) {
                let done = try await Sandbox.current.run(
                    [
                        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                        mesh.a.url("demo", "/source?bytes=\(Self.gibibyte)"),
                    ])
                #expect(done.code == 0, "\(done)")
                #expect(done.output == "200 \(Self.gibibyte)")
            }
        }

        @Test(arguments: Implementation.allCases)
        func aGibibyteGoesUp(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            try await withMemoryFlat(mesh) {
                let upload = "head -c \(Self.gibibyte) /dev/zero | curl -sS -T - '\(mesh.a.url("demo", "/sink"))'"
                let done = try await Sandbox.current.run(["bash", "-o", "pipefail", "-c", upload])
                #expect(done.code == 0, "\(done)")
                #expect(try done.json()["bytes"].number == Double(Self.gibibyte))
            }
        }

        /// Both directions at once, piece by piece, and every byte of it.
        @Test(arguments: Implementation.allCases)
        func anEchoIsTheSame(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let file = Sandbox.current.path("noise")
            let back = Sandbox.current.path("back")
            let script = """
                head -c 67108864 /dev/urandom > \(file)
                curl -sS -T \(file) -o \(back) '\(mesh.a.url("demo", "/echo"))' && cmp \(file) \(back)
                """
            let done = try await Sandbox.current.run(["bash", "-c", script])
            #expect(done.code == 0, "\(done)")
        }

        /// A client that does not read stops the service instead of filling the workers.
        @Test(arguments: Implementation.allCases)
        func aClientThatDoesNotReadHoldsTheServiceBack(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            try await withMemoryFlat(mesh) {
                let stalled = try Sandbox.current.start(
                    "stalled",
                    ["curl", "-sS", "--limit-rate", "1k", "-o", "/dev/null", mesh.a.url("demo", "/source?bytes=\(Self.gibibyte)")])
                try await mesh.upstream.event("request", "/source?bytes=\(Self.gibibyte)")
                for _ in 0..<20 {
                    let other = try await curl(mesh.a.url("demo", "/seen"))
                    #expect(other.status == 200)
                }
                #expect(stalled.exit == nil)
                let finished = mesh.upstream.program.events.contains {
                    $0["event"] == "done" && ($0["target"].string ?? "").contains("\(Self.gibibyte)")
                }
                #expect(!finished, "the service has sent everything to a client that reads 1 KiB/s")
                stalled.signal(SIGKILL)
            }
        }
    }
}
