import ConformanceKit
import Testing

@Suite struct VectorValueTests {
    @Test func fieldsCompareByContentAndOrder() {
        let a: VectorValue = ["x": 1, "y": "2"]
        #expect(a == .object([.init("x", 1, line: 7), .init("y", "2", line: 8)]))
        #expect(a != ["y": "2", "x": 1])
    }
}
