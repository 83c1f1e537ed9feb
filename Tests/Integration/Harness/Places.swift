import Foundation

/// Where the things are that the tests run.
enum Places {
    /// The built command, beside the test bundle.
    static let wiremesh: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(filePath: own).deletingLastPathComponent().appending(path: "wiremesh").path
    }()

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Python with the packages of Tests/requirements.txt; scripts/test-venv makes it.
    static let python = root.appending(path: ".venv/bin/python").path

    static func fixture(_ name: String) -> String { root.appending(path: "Tests/Integration/Fixtures/\(name)").path }

    static func script(_ name: String) -> String { root.appending(path: "scripts/\(name)").path }
}
