import ArgumentParser
import Foundation
import Testing

@testable import wiremesh

/// The documents name only commands and options that exist.
@Suite struct DocumentTests {
    private static let pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "spec/README.md"]

    @Test(arguments: pages)
    func commandsAndTheirOptionsExist(page: String) throws {
        var checked = 0
        for line in try Self.text(page).split(separator: "\n") {
            for match in line.matches(of: /\bwiremesh ([a-z]+)((?: [^`|#]*)?)/) {
                guard let command = Self.command(String(match.1)) else {
                    Issue.record("\(page): there is no command wiremesh \(match.1)")
                    continue
                }
                let help = Self.help(command)
                for option in match.2.matches(of: /--[a-z][a-z-]*/) {
                    #expect(help.contains("\(option.0)"), "\(page): wiremesh \(match.1) has no option \(option.0)")
                }
                checked += 1
            }
        }
        #expect(checked > 0 || page == "CONTRIBUTING.md")
    }

    @Test func everyOptionThatASettingNamesExists() {
        let help = Wiremesh.configuration.groupedSubcommands.flatMap(\.subcommands).map(Self.help).joined()
        for option in Settings.options { #expect(help.contains("--\(option)"), "no command has --\(option)") }
    }

    @Test func everyCommandIsInTheReadmeOrTheManual() throws {
        let text = try Self.text("README.md") + Self.text("docs/wiremesh.1")
        for command in Wiremesh.configuration.groupedSubcommands.flatMap(\.subcommands) {
            #expect(text.contains(Self.name(command)), "\(Self.name(command))")
        }
    }

    private static func command(_ name: String) -> (any ParsableCommand.Type)? {
        if name == "help" { return Wiremesh.self }
        return Wiremesh.configuration.groupedSubcommands.flatMap(\.subcommands).first { Self.name($0) == name }
    }

    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }

    /// The help of a command and of what is below it.
    private static func help(_ command: any ParsableCommand.Type) -> String {
        ([command] + command.configuration.subcommands).map { Wiremesh.helpMessage(for: $0, includeHidden: true) }.joined()
    }

    private static func text(_ path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
