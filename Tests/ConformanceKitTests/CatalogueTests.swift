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

    @Test func filtersMeanPartsOfIdsClausesAndFeatures() throws {
        let each = try #require(ConformanceRunner.cases.first { $0.id == "mac1/zero" })
        #expect(each.matches("mac1/") && each.matches("HS-4.1") && each.matches("HS-4") && each.matches("HS"))
        #expect(!each.matches("HS-4.10") && !each.matches("H") && !each.matches("coordinator"))
    }
}
