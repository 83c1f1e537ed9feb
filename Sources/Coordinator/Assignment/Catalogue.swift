/// The services that the operator expects in the mesh, and what each of them needs.
///
/// A service outside the catalogue is as good as one inside; it only has no tier, no requirement and no gap.
public struct Catalogue: Sendable, Hashable {
    /// In the order of the file.
    public private(set) var entries: [Entry]
    private var byName: [String: Int]

    /// One service of the catalogue.
    public struct Entry: Sendable, Hashable {
        public var name: String
        /// 1 (gpu) to 4 (edge).
        public var tier: UInt8
        public var requires: WorkerType
        /// 1 is the most important.
        public var priority: Int
        /// The port that the service listens on at an HTTP worker.
        public var port: UInt16

        public init(_ name: String, tier: UInt8, requires: WorkerType, priority: Int, port: UInt16) {
            self.name = name
            self.tier = tier
            self.requires = requires
            self.priority = priority
            self.port = port
        }
    }

    /// `entries` with distinct names: where a name stands twice, the first counts.
    public init(_ entries: [Entry]) {
        self.entries = []
        byName = [:]
        for entry in entries where byName[entry.name] == nil {
            byName[entry.name] = self.entries.count
            self.entries.append(entry)
        }
    }

    /// The entry of a service, `nil` outside the catalogue.
    public subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

    /// What a coordinator uses that was given no file.
    public static let standard = Catalogue([
        Entry("llm-inference", tier: 1, requires: .gpu, priority: 1, port: 8105),
        Entry("vision-ocr", tier: 1, requires: .gpu, priority: 1, port: 8104),
        Entry("rag-embeddings", tier: 1, requires: .gpu, priority: 2, port: 8102),
        Entry("ner-extraction", tier: 2, requires: .cpu, priority: 2, port: 8108),
        Entry("document-processing", tier: 2, requires: .cpu, priority: 2, port: 8103),
        Entry("notes-coa", tier: 2, requires: .cpu, priority: 3, port: 8100),
        Entry("chromadb", tier: 3, requires: .storage, priority: 1, port: 8000),
        Entry("redis", tier: 3, requires: .storage, priority: 2, port: 6379),
        Entry("postgres", tier: 3, requires: .storage, priority: 3, port: 5432),
        Entry("minio", tier: 3, requires: .storage, priority: 4, port: 9000),
        Entry("neo4j", tier: 3, requires: .storage, priority: 5, port: 7474),
        Entry("coordinator", tier: 4, requires: .edge, priority: 1, port: 8080),
        Entry("edge-proxy", tier: 4, requires: .edge, priority: 1, port: 8787),
        Entry("load-balancer", tier: 4, requires: .edge, priority: 2, port: 8090),
    ])
}
