import ArgumentParser
import HTTPCompat
import NIOCore

/// `wiremesh version`
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version of the program and of the protocol.")

    @OptionGroup var output: JSONOption

    /// Raised by a release; CHANGELOG.md has a section for each.
    static let program = "0.1.0"
    static let wireProtocol = "WM/1 draft"

    func run() {
        guard output.json else { return Terminal.print("wiremesh \(Self.program), \(Self.wireProtocol)") }
        var json = JSONWriter()
        json.object { json in
            json.field("version", Self.program)
            json.field("protocol", Self.wireProtocol)
        }
        Terminal.print(String(buffer: json.buffer))
    }
}
