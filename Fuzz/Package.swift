// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users of the library never build it. scripts/fuzz builds and runs it.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func product(_ name: String) -> Target.Dependency { .product(name: name, package: "wiremesh") }

/// One program per layer, with the fuzzers of its parsers and machines: a layer is linked once, and runs without what is above it.
let layers: [(name: String, dependencies: [Target.Dependency])] = [
    ("FuzzWire", []),
    ("FuzzDHT", [product("DHT")]),
    ("FuzzCoordinator", [product("Transport"), product("Coordinator")]),
    ("FuzzWorker", [product("Transport"), product("Worker")]),
    ("FuzzHTTP", [product("Transport"), product("Coordinator"), product("Worker"), product("HTTPCompat")]),
]

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "wiremesh", path: "..")],
    targets: [.target(name: "FuzzKit", dependencies: [product("Wire")], swiftSettings: settings)]
        + layers.map { layer in
            .executableTarget(
                name: layer.name, dependencies: [product("Wire"), "FuzzKit"] + layer.dependencies, swiftSettings: settings,
                // The default linker stumbles over the sanitizers' symbols.
                linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
        }
)
