import ArgumentParser
import Foundation

/// Why a command ends without having done its work: one sentence for people, which says what is wrong and what to do, and
/// the exit code for programs.
struct Failure: Error, CustomStringConvertible {
    var sentence: String
    var code: Int32

    /// Wrong usage or configuration: exit code 2.
    static func usage(_ sentence: String) -> Failure { Failure(sentence: sentence, code: 2) }
    /// A port that was asked for is in use: exit code 3.
    static func portTaken(_ sentence: String) -> Failure { Failure(sentence: sentence, code: 3) }
    /// Everything else: exit code 1.
    static func failed(_ sentence: String) -> Failure { Failure(sentence: sentence, code: 1) }

    var description: String { sentence }

    /// Prints what `error` has to say and ends the process with its code. Help and versions that were asked for arrive
    /// here too.
    static func exit(_ error: any Error) -> Never {
        if let failure = error as? Failure {
            Terminal.error(failure.sentence)
            Foundation.exit(failure.code)
        }
        guard Wiremesh.exitCode(for: error) == .validationFailure else { Wiremesh.exit(withError: error) }
        FileHandle.standardError.write(Data((Wiremesh.fullMessage(for: error) + "\n").utf8))
        Foundation.exit(2)
    }
}
