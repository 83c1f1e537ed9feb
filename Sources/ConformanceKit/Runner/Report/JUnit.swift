extension ConformanceReport {
    /// As JUnit XML: a suite per family, as continuous integration systems read it.
    public func junit() -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append(
            "<testsuites name=\"WM/1 conformance\" tests=\"\(results.count)\" failures=\"\(failed)\" skipped=\"\(skipped)\" "
                + "time=\"\(Self.seconds(seconds))\">")
        for group in groups {
            let members = results.filter { $0.group == group }
            lines.append(
                "  <testsuite name=\"\(Self.escaped(group))\" tests=\"\(members.count)\" "
                    + "failures=\"\(members.count { $0.outcome == .failed })\" skipped=\"\(members.count { $0.outcome == .skipped })\">")
            for result in members { lines += Self.lines(result) }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The families in the order in which they ran.
    public var groups: [String] {
        var seen: Set<String> = []
        return results.map(\.group).filter { seen.insert($0).inserted }
    }

    private static func lines(_ result: Result) -> [String] {
        let open = "    <testcase classname=\"\(escaped(result.group))\" name=\"\(escaped(result.id))\" time=\"\(seconds(result.seconds))\""
        switch result.outcome {
        case .passed: return [open + "/>"]
        case .warned: return [open + ">", "      <system-err>warning: \(details(result))</system-err>", "    </testcase>"]
        case .skipped: return [open + ">", "      <skipped message=\"\(escaped(result.reason))\"/>", "    </testcase>"]
        case .failed:
            return [open + ">", "      <failure message=\"\(details(result))\">\(escaped(result.title))</failure>", "    </testcase>"]
        }
    }

    private static func details(_ result: Result) -> String {
        escaped("\(result.clauses.joined(separator: ", ")): expected \(result.expected ?? ""); saw \(result.seen ?? "")")
    }

    private static func seconds(_ value: Double) -> String {
        let milliseconds = Int((value * 1_000).rounded())
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    /// Text for an attribute or an element; what XML cannot hold becomes a question mark.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case _ where scalar.value < 32: out += "?"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
