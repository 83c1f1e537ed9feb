import Testing

/// The one arrow: a folder imports only what is left of it. See ARCHITECTURE.md.
@Suite struct ArrowTests {
    /// For each target, our own modules that it may import.
    static let allowed: [String: Set<String>] = [
        "CSodium": [], "CLZ4": [], "COpenSSL": [], "CVectorSchema": [],
        "Wire": ["CSodium", "CLZ4", "COpenSSL"],
        "DHT": ["Wire"],
        "Transport": ["Wire", "DHT"],
        "Coordinator": ["Wire", "DHT", "Transport"],
        "Worker": ["Wire", "DHT", "Transport"],
        "HTTPCompat": ["Wire", "DHT", "Transport", "Coordinator", "Worker"],
        "ConformanceKit": ["CVectorSchema", "Wire", "DHT"],
        "wiremesh": ["Wire", "DHT", "Transport", "Coordinator", "Worker", "HTTPCompat", "ConformanceKit", "MeshTestKit"],
        "MeshTestKit": ["Wire", "DHT"],
    ]

    /// Modules of others that live in some targets only.
    static let confined: [String: Set<String>] = [
        "NIOHTTP1": ["HTTPCompat"],
        "AsyncHTTPClient": ["HTTPCompat"],
        "Hummingbird": ["HTTPCompat"],
        "GRDB": ["Coordinator"],
        "ArgumentParser": ["wiremesh"],
        "MeshTestKit": ["wiremesh"],
    ]

    @Test func everyFolderOfSourcesHasAPlace() throws {
        let unknown = try SourceTree.here.folders("Sources").filter { Self.allowed[$0] == nil }
        #expect(unknown.isEmpty, "give it a place in the arrow, here and in ARCHITECTURE.md")
    }

    @Test func importsFollowTheArrow() throws {
        let ours = Set(Self.allowed.keys)
        for file in try SourceTree.here.swiftFiles("Sources") {
            for (line, module) in file.imports {
                if ours.contains(module) {
                    let fine = Self.allowed[file.target]?.contains(module) == true
                    #expect(fine, "\(file.path):\(line): \(file.target) must not import \(module)")
                }
                if let homes = Self.confined[module] {
                    #expect(homes.contains(file.target), "\(file.path):\(line): \(module) belongs in \(homes.sorted())")
                }
            }
        }
    }

    @Test func wireImportsNothingElse() throws {
        for file in try SourceTree.here.swiftFiles("Sources/Wire") {
            for (line, module) in file.imports {
                #expect(["CSodium", "CLZ4", "COpenSSL", "Synchronization"].contains(module), "\(file.path):\(line): \(module)")
            }
        }
    }

    @Test(arguments: ["CSodium", "CLZ4", "COpenSSL"])
    func exactlyOneFileOfWireTouches(library: String) throws {
        let users = try SourceTree.here.swiftFiles("Sources").filter { file in file.imports.contains { $0.module == library } }
        #expect(users.count <= 1, "\(users)")
        #expect(users.allSatisfy { $0.target == "Wire" }, "\(users)")
    }
}
