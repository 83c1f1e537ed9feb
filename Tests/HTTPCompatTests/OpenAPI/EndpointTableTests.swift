import NIOCore
import Testing

@testable import HTTPCompat

@Suite struct EndpointTableTests {
    private let table = EndpointTable(endpoints: [
        HTTPEndpoint("GET", "/a/{x}", "", answers: []), HTTPEndpoint("POST", "/a/{x}", "", answers: []),
        HTTPEndpoint("DELETE", "/a/{x}/b", "", answers: []),
    ])

    @Test func knowsMethodsOfPaths() {
        #expect(table.methods(of: "/a/1") == ["GET", "HEAD", "POST"])
        #expect(table.methods(of: "/a/1/b") == ["DELETE"])
        #expect(table.methods(of: "/a") == [])
        #expect(table.methods(of: "/a/1/c") == [])
        #expect(table.methods(of: "/") == [])
    }

    @Test func documentsKeepMethodsOfOnePathTogether() throws {
        let document = OpenAPIDocument(
            title: "T", summary: "S", version: "1", operations: table.endpoints.map(\.operation), schemas: ["X": .text])
        let object = try JSONValue(parsing: document.encoded.readableBytesView)
        #expect(object["paths"]?.members?.map(\.name) == ["/a/{x}", "/a/{x}/b"])
        #expect(object["paths"]?["/a/{x}"]?.members?.map(\.name) == ["get", "post"])
        #expect(object["paths"]?["/a/{x}/b"]?["delete"]?["operationId"] == "delete_a_x_b")
        #expect(object["components"]?["schemas"]?["X"] == ["type": "string"])
    }
}
