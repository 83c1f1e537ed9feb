// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users of the library never build it. scripts/fuzz builds and runs it.

/// One target per parser and per machine.
let targets = ["TLV", "Certificate", "Token", "Handshake", "Head", "Messages", "LZ4", "Link"]

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let wire: Target.Dependency = .product(name: "Wire", package: "wiremesh")

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "wiremesh", path: "..")],
    targets: [
        .target(name: "FuzzKit", dependencies: [wire], swiftSettings: settings)
    ]
        + (targets + ["Seeds"]).map {
            .executableTarget(
                name: "Fuzz\($0)", dependencies: [wire, "FuzzKit"], swiftSettings: settings,
                // The default linker stumbles over the sanitizers' symbols.
                linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
        }
)
