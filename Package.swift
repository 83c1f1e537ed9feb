// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: language mode 6, explicit existentials, imports that say what they leak. In CI a warning
/// is an error.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "wiremesh",
    products: [
        .library(name: "Wire", targets: ["Wire"]),
        .library(name: "DHT", targets: ["DHT"]),
        .library(name: "Transport", targets: ["Transport"]),
        .library(name: "Coordinator", targets: ["Coordinator"]),
        .library(name: "Worker", targets: ["Worker"]),
        .library(name: "HTTPCompat", targets: ["HTTPCompat"]),
        .library(name: "ConformanceKit", targets: ["ConformanceKit"]),
        .executable(name: "wiremesh", targets: ["wiremesh"]),
    ],
    traits: [
        .trait(name: "OpenSSL", description: "Seals large records with libcrypto, which is faster at it than libsodium."),
        .default(enabledTraits: ["OpenSSL"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(
            name: "Wire", dependencies: ["CSodium", "CLZ4", .target(name: "COpenSSL", condition: .when(traits: ["OpenSSL"]))],
            swiftSettings: settings
        ),
        .target(name: "DHT", dependencies: ["Wire"], swiftSettings: settings),
        .target(name: "Transport", dependencies: ["Wire", "DHT", nioCore, nioPosix, logging], swiftSettings: settings),
        .target(
            name: "Coordinator",
            dependencies: ["Wire", "Transport", nioCore, logging, .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(
            name: "Worker",
            dependencies: ["Wire", "Transport", nioCore, logging],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPCompat",
            dependencies: [
                "Wire", "Transport", "Coordinator", "Worker", nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS, logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: settings
        ),
        .target(name: "CVectorSchema"),
        .target(name: "ConformanceKit", dependencies: ["CVectorSchema", "Wire", nioCore, nioPosix], swiftSettings: settings),
        .executableTarget(
            name: "wiremesh",
            dependencies: [
                "Wire", "DHT", "Transport", "Coordinator", "Worker", "HTTPCompat", "ConformanceKit", "MeshTestKit", nioCore, nioPosix,
                logging,
                argumentParser,
            ],
            swiftSettings: settings
        ),
        .target(name: "MeshTestKit", dependencies: ["Wire", "DHT"], swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Wire", "MeshTestKit"], swiftSettings: settings),
        .testTarget(name: "DHTTests", dependencies: ["Wire", "DHT", "MeshTestKit"], swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["Wire", "DHT", "MeshTestKit"], path: "Tests/Simulation", swiftSettings: settings),
        .testTarget(
            name: "TransportTests",
            dependencies: ["Wire", "Transport", "MeshTestKit", nioCore, nioPosix, nioEmbedded],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: ["Wire", "Transport", "Coordinator", "MeshTestKit", nioCore, nioPosix, logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: ["Wire", "Transport", "Worker", "MeshTestKit", nioCore, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPCompatTests",
            dependencies: [
                "Wire", "Transport", "Coordinator", "Worker", "HTTPCompat", "MeshTestKit", nioCore, nioPosix, nioHTTP1, nioSSL, logging,
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["MeshTestKit"],
            path: "Tests/Integration",
            swiftSettings: settings
        ),
        .testTarget(
            name: "ConformanceKitTests", dependencies: ["ConformanceKit", "Wire", nioCore, nioPosix], exclude: ["Vectors/validate.py"],
            swiftSettings: settings
        ),
        .testTarget(name: "CommandTests", dependencies: ["wiremesh", "Wire"], swiftSettings: settings),
        .testTarget(name: "TraceabilityTests", dependencies: ["ConformanceKit"], path: "Tests/Conformance", swiftSettings: settings),
        .testTarget(name: "TidyTests", dependencies: ["Wire"], path: "Tests/Tidy", swiftSettings: settings),
    ]
)
