import Foundation
import Testing

@testable import ConformanceKit

/// What holds for every case, before it is run.
@Suite struct CatalogueTests {
    @Test func idsAreUnique() {
        let ids = Dictionary(grouping: ConformanceRunner.cases, by: \.id).filter { $0.value.count > 1 }.keys
        #expect(ids.isEmpty, "\(ids.sorted())")
    }

    @Test func everyCaseNamesAClauseAndAFamily() {
        for each in ConformanceRunner.cases {
            #expect(!each.clauses.isEmpty, "\(each.id)")
            #expect(each.id.split(separator: "/").count == 2, "\(each.id)")
            #expect(each.clauses.allSatisfy { $0.wholeMatch(of: /[A-Z][A-Z0-9]*-\d+\.\d+/) != nil }, "\(each.id): \(each.clauses)")
        }
    }

    @Test func thereAreEnoughAndEachClauseIsOneOfTheSpecification() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "spec")
        var known: Set<String> = []
        for page in try FileManager.default.contentsOfDirectory(atPath: folder.path) where page.hasSuffix(".md") {
            let text = try String(contentsOf: folder.appending(path: page), encoding: .utf8)
            for line in text.split(separator: "\n") {
                if let match = line.prefixMatch(of: #/([A-Z][A-Z0-9]*-\d+\.\d+) /#) { known.insert(String(match.1)) }
            }
        }
        for each in ConformanceRunner.cases {
            let unknown = each.clauses.filter { !known.contains($0) }
            #expect(unknown.isEmpty, "\(each.id)")
        }
        for role in ConformanceCase.Role.allCases {
            #expect(ConformanceRunner.cases.count { $0.role == role } >= (role == .responder ? 600 : 90))
        }
    }

    @Test func filtersMeanPartsOfIdsClausesAndFeatures() throws {
        let each = try #require(ConformanceRunner.cases.first { $0.id == "mac1/zero" })
        #expect(each.matches("mac1/") && each.matches("HS-4.1") && each.matches("HS-4") && each.matches("HS"))
        #expect(!each.matches("HS-4.1" + "0") && !each.matches("H") && !each.matches("coordinator"))
    }
}
