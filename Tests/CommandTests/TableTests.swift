import Testing

@testable import wiremesh

@Suite struct TableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = Table("NAME", "LOAD")
        table.add("gpu-1", "5%")
        table.add("a", "100%")
        #expect(table.lines(bold: false) == ["NAME   LOAD", "gpu-1  5%", "a      100%"])
    }

    @Test func namesOfOthersCannotSteerTheTerminal() {
        var table = Table("NAME")
        table.add("a\u{1B}[2Jb\n")
        #expect(table.lines(bold: false) == ["NAME", "a?[2Jb?"])
    }
}
