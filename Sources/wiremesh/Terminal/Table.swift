/// Rows under headings, in columns as wide as their widest cell.
struct Table {
    var headings: [String]
    var rows: [[String]] = []

    init(_ headings: String...) { self.headings = headings }

    /// Adds a row; cells that are missing stay empty.
    mutating func add(_ cells: String...) { rows.append(cells.map(Terminal.plain)) }

    /// The lines, without blanks at their ends.
    func lines(bold: Bool = Terminal.hasColour) -> [String] {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return ([headings] + rows).enumerated().map { index, cells in
            let padded = cells.enumerated().map { column, cell in
                cell + String(repeating: " ", count: max(0, widths[min(column, widths.count - 1)] - cell.count))
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return index == 0 ? Style.bold(line, bold) : line
        }
    }

    /// Prints the table, or `nothing` where it has no rows.
    func print(orSay nothing: String) {
        guard !rows.isEmpty else { return Terminal.note(nothing) }
        for line in lines() { Terminal.print(line) }
    }
}
