import ArgumentParser
import Coordinator
import Foundation
import HTTPCompat
import NIOCore
import Wire

/// `wiremesh token`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke join tokens.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it, alone on one line.",
            discussion: "Whoever has the token can join. Works while the coordinator runs, and while it does not.")

        @OptionGroup var admin: AdminOptions

        @Option(help: ArgumentHelp("What to call it in `token list`.", valueName: "name"))
        var name: String?

        @Option(help: ArgumentHelp("How long it can be used.", valueName: "time"))
        var ttl = DurationArgument(.seconds(3_600))

        @Option(help: ArgumentHelp("How many workers it admits.", valueName: "count"))
        var uses: UInt32 = 1

        @Option(
            help: ArgumentHelp("Where workers reach the coordinator (default: what it advertises). Repeatable.", valueName: "host:port"))
        var address: [EndpointArgument] = []

        func run() async throws {
            guard uses > 0, ttl.duration >= .seconds(1) else {
                throw Failure.usage("This token could never be used: give --uses of 1 or more, and a --ttl of 1s or more.")
            }
            var request = TokenRequest()
            request.name = name ?? ""
            request.life = UInt64(ttl.duration.components.seconds)
            request.uses = uses
            request.addresses = address.map(\.endpoint)
            Terminal.print(try await admin.coordinator().createToken(request))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens; their secrets are not shown.")

        @OptionGroup var admin: AdminOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            let tokens = try await admin.coordinator().tokens()
            if output.json { return Terminal.print(Self.json(tokens)) }
            var table = Table("ID", "NAME", "STATE", "USED", "EXPIRES")
            for token in tokens {
                table.add(
                    String(token.id.prefix(12)), token.name.isEmpty ? "-" : token.name, "\(token.state)", "\(token.used) of \(token.uses)",
                    Self.date(token.expires))
            }
            table.print(orSay: "There are no tokens. `wiremesh token create` makes one.")
        }

        private static func json(_ tokens: [TokenView]) -> String {
            var json = JSONWriter()
            json.object { json in
                json.field("tokens", array: tokens) { json, token in
                    json.object { json in
                        json.field("id", token.id)
                        json.field("name", token.name)
                        json.field("state", "\(token.state)")
                        json.field("uses", token.uses)
                        json.field("used", token.used)
                        json.field("created_at", date(token.createdAt))
                        json.field("expires", date(token.expires))
                    }
                }
            }
            return String(buffer: json.buffer)
        }

        private static func date(_ time: UnixTime) -> String {
            Date(timeIntervalSince1970: Double(time.seconds)).formatted(.iso8601)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a token. Workers that joined with it stay.")

        @Argument(help: "The token's id, its first digits, its name, or the token itself.")
        var token: String

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            try await admin.coordinator().revokeToken(token)
            Terminal.note("Revoked. Workers that joined with it stay: `wiremesh revoke WORKER` takes one out.")
        }
    }
}
