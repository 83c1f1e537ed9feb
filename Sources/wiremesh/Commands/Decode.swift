import ArgumentParser
import Foundation
import Wire

/// `wiremesh decode`
struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn the hex of a record's plaintext, or of one frame, into text.",
        discussion:
            "Blanks, line breaks and colons between the digits do not matter. Without an argument, or with -, it reads standard input.")

    @Argument(help: "Hexadecimal digits, or @FILE, or - for standard input.")
    var hex = "-"

    func run() throws {
        let text = String(decoding: try DataArgument(hex).read(), as: UTF8.self)
        let digits = text.filter { !$0.isWhitespace && $0 != ":" }
        guard let bytes = [UInt8](hex: digits) else {
            throw Failure.usage("This is not hexadecimal: give pairs of the digits 0-9 and a-f.")
        }
        for line in try FrameText.lines(bytes) { Terminal.print(line) }
    }
}
