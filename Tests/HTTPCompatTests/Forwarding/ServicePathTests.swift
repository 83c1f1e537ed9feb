import Testing

@testable import HTTPCompat

@Suite struct ServicePathTests {
    @Test func takesAServiceAndTheRest() throws {
        let path = try #require(ServicePath("/service/ocr.v2/pages/1"))
        #expect(path.service == "ocr.v2")
        #expect(path.rest == "/pages/1")
        #expect(try #require(ServicePath("/service/ocr")).rest.isEmpty)
    }

    /// What cannot be a name never enters the mesh.
    @Test(arguments: ["/service/-", "/service/.hidden", "/service/_x/y", "/service/", "/service", "/services/ocr", "/service/a b"])
    func refusesWhatIsNoName(path: String) {
        #expect(ServicePath(path[...]) == nil)
    }
}
