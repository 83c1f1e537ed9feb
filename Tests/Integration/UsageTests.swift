import Foundation
import Testing

extension Integration {
    /// What is wrong from the start: one sentence and an exit code, nothing half written.
    @Suite struct Usage {
        /// A folder that nothing may make.
        private static let unused = NSTemporaryDirectory() + "/wiremesh-unused-\(ProcessInfo.processInfo.processIdentifier)"

        private func wiremesh(_ arguments: String...) async throws -> Finished {
            try await Sandbox.current.run([Places.wiremesh] + arguments, within: .seconds(20))
        }

        /// One or two lines for people, no crash.
        private func isASentence(_ done: Finished) -> Bool {
            let text = done.errors.trimmingCharacters(in: .whitespacesAndNewlines)
            return !text.isEmpty && !text.contains("Fatal error") && !text.contains("Swift/")
        }

        @Test(arguments: [
            ["coordinator", "--no-such-flag"], ["no-such-command"], ["token", "create"], ["discover"],
            ["worker", "--data", Usage.unused, "--name", "a", "--join", "not-a-token"],
            ["worker", "--data", Usage.unused, "--name", "a", "--service", "without-url"],
            ["coordinator", "--data", Usage.unused, "--listen", "nowhere"],
            ["coordinator", "--data", Usage.unused, "--http", "0.0.0.0:0"],
        ])
        func wrongUsageExitsWithTwo(arguments: [String]) async throws {
            let done = try await Sandbox.current.run([Places.wiremesh] + arguments, within: .seconds(20))
            #expect(done.code == 2, "\(done)")
            #expect(isASentence(done), "\(done)")
            #expect(!FileManager.default.fileExists(atPath: Usage.unused))
        }

        @Test func aWorkerWithoutAnIdentityNeedsAToken() async throws {
            let done = try await wiremesh("worker", "--data", Sandbox.current.path("w"), "--name", "a", "--http", "127.0.0.1:0")
            #expect(done.code == 2, "\(done)")
            #expect(done.errors.contains("token"), "\(done)")
        }

        @Test(arguments: ["--listen", "--http"])
        func aPortThatIsTakenExitsWithThree(flag: String) async throws {
            let holder = try await Upstream.start()
            let taken = holder.url.replacing("http://", with: "")
            let other = flag == "--listen" ? "--http" : "--listen"
            let done = try await wiremesh("coordinator", "--data", Sandbox.current.path("c"), flag, taken, other, "127.0.0.1:0")
            #expect(done.code == 3, "\(done)")
            #expect(done.errors.contains(taken.split(separator: ":").last ?? ""), "\(done)")
            #expect(!FileManager.default.fileExists(atPath: Sandbox.current.path("c")), "nothing half written")
        }

        /// A worker that cannot have its port has not used its token either.
        @Test(arguments: ["--listen", "--http"])
        func aWorkersPortThatIsTakenExitsWithThree(flag: String) async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token()
            let taken = coordinator.http.replacing("http://", with: "")
            let other = flag == "--listen" ? "--http" : "--listen"
            let data = Sandbox.current.path("w")
            let done = try await wiremesh("worker", "--data", data, "--name", "w", "--join", token, flag, taken, other, "127.0.0.1:0")
            #expect(done.code == 3, "\(done)")
            #expect(done.errors.contains(taken.split(separator: ":").last ?? ""), "\(done)")
            #expect(!FileManager.default.fileExists(atPath: data), "nothing half written")
            _ = try await WorkerProcess.start("w", token: token)
        }

        @Test func anAddressOfAnotherMachineIsRefused() async throws {
            let data = Sandbox.current.path("c")
            for flag in ["--listen", "--http"] {
                let done = try await wiremesh("coordinator", "--data", data, "--insecure-http", flag, "192.0.2.1:7700")
                #expect(done.code == 2, "\(done)")
                #expect(done.errors.contains("192.0.2.1") && isASentence(done), "\(done)")
                #expect(!FileManager.default.fileExists(atPath: data))
            }
        }

        @Test func aFolderOfAnotherVersionIsLeftAsItIs() async throws {
            let data = Sandbox.current.path("c")
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data("wiremesh coordinator 99\n".utf8).write(to: URL(filePath: data + "/version"))
            let done = try await wiremesh("coordinator", "--data", data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
            #expect(done.code == 2, "\(done)")
            #expect(done.errors.contains("99") && isASentence(done), "\(done)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: data).filter { $0 != "lock" } == ["version"])
        }

        /// The folder remembers a time that is far ahead of the clock.
        @Test func aClockThatIsFarOffIsRefused() async throws {
            let coordinator = try await Coordinator.start()
            coordinator.program.signal(SIGTERM)
            #expect(try await coordinator.program.waitForExit() == .code(0))
            try Data("\(Int(Date().timeIntervalSince1970) + 90_000)\n".utf8).write(to: URL(filePath: coordinator.data + "/clock"))
            let done = try await wiremesh("coordinator", "--data", coordinator.data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
            #expect(done.code == 2, "\(done)")
            #expect(done.errors.contains("clock") && isASentence(done), "\(done)")
        }

        @Test func aFolderInUseIsRefused() async throws {
            let coordinator = try await Coordinator.start()
            let done = try await wiremesh("coordinator", "--data", coordinator.data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
            #expect(done.code == 2, "\(done)")
            #expect(isASentence(done))
            #expect(done.errors.contains(coordinator.data), "\(done)")
            #expect((try await curl("\(coordinator.http)/health")).status == 200)
        }

        @Test func theFolderIsPrivate() async throws {
            let coordinator = try await Coordinator.start()
            func mode(_ path: String) throws -> Int? {
                (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
            }
            #expect(try mode(coordinator.data) == 0o700)
            for name in try FileManager.default.contentsOfDirectory(atPath: coordinator.data) {
                let path = coordinator.data + "/" + name
                let found = try #require(try mode(path))
                #expect(found & 0o077 == 0, "\(name) has mode \(String(found, radix: 8))")
            }
        }

        @Test func aPlaceThatCannotBeAFolderIsRefused() async throws {
            let done = try await wiremesh("coordinator", "--data", "/dev/null/data", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
            #expect(done.code == 2, "\(done)")
            #expect(done.errors.contains("/dev/null/data"), "\(done)")
        }

        /// A file system of its own for the data folder, read-only or with no room left; the shell shows what was written.
        private func onTinyFileSystem(_ options: String, _ prepare: String) async throws -> Finished {
            let script = """
                set -e; mkdir -p "$1"; mount -t tmpfs -o "$2" tmpfs "$1"; cd "$1"; \(prepare); code=0
                "$0" coordinator --data "$1/data" --listen 127.0.0.1:0 --http 127.0.0.1:0 || code=$?
                find "$1" -type f; exit $code
                """
            return try await Sandbox.current.run(
                ["unshare", "-m", "bash", "-c", script, Places.wiremesh, Sandbox.current.path("mount"), options], within: .seconds(20))
        }

        @Test func aFolderThatCannotBeWrittenIsRefused() async throws {
            let done = try await onTinyFileSystem("size=1m", "mount -o remount,ro .")
            #expect(done.code == 2, "\(done)")
            #expect(isASentence(done))
            #expect(done.output == "")
        }

        /// Nothing half written: what is left over would be taken for an identity at the next start.
        @Test func aFullDiskIsRefused() async throws {
            let done = try await onTinyFileSystem("size=128k", "dd if=/dev/zero of=filler bs=4k 2>/dev/null || true")
            #expect(done.code == 2, "\(done)")
            #expect(isASentence(done))
            let left = done.output.split(separator: "\n").filter { !$0.hasSuffix("/filler") && !$0.hasSuffix("lock") }
            #expect(left.isEmpty, "left over: \(left)")
        }
    }
}
