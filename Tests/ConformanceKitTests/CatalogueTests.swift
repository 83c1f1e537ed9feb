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

    /// The clauses of the specification, each with whether it is a MUST.
    private static func clauses() throws -> [String: Bool] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "spec")
        var known: [String: Bool] = [:]
        for page in try FileManager.default.contentsOfDirectory(atPath: folder.path) where page.hasSuffix(".md") {
            let text = try String(contentsOf: folder.appending(path: page), encoding: .utf8)
            for paragraph in text.split(separator: "\n\n") {
                guard let match = paragraph.prefixMatch(of: #/\n*([A-Z][A-Z0-9]*-\d+\.\d+)\s/#) else { continue }
                known[String(match.1)] = paragraph.contains(#/\bMUST\b/#)
            }
        }
        return known
    }

    /// So that what is held against a target is a rule, and a warning is never about one.
    @Test func everyCaseNamesAMustOrIsOfAdviceOnly() throws {
        let known = try Self.clauses()
        for each in ConformanceRunner.cases {
            let musts = each.clauses.filter { known[$0] == true }
            #expect(musts.isEmpty == (each.strength == .should), "\(each.id) \(each.clauses)")
        }
        #expect(ConformanceRunner.cases.contains { $0.strength == .should })
    }

    @Test func thereAreEnoughAndEachClauseIsOneOfTheSpecification() throws {
        let known = try Self.clauses()
        for each in ConformanceRunner.cases {
            let unknown = each.clauses.filter { known[$0] == nil }
            #expect(unknown.isEmpty, "\(each.id)")
        }
        #expect(ConformanceRunner.cases.count { $0.clauses.contains { $0.hasPrefix("RELAY-") } } >= 40)
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
