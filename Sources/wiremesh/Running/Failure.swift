import ArgumentParser
import Coordinator
import Foundation
import HTTPCompat
import Transport
import Worker

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
        if let failure = Failure(error) {
            Terminal.error(Terminal.plain(failure.sentence))
            Foundation.exit(failure.code)
        }
        guard Wiremesh.exitCode(for: error) == .validationFailure else { Wiremesh.exit(withError: error) }
        FileHandle.standardError.write(Data((Wiremesh.fullMessage(for: error) + "\n").utf8))
        Foundation.exit(2)
    }
}

extension Failure {
    /// The sentence and the code of an error of the libraries; `nil` for the parser's own.
    fileprivate init?(_ error: any Error) {
        let sentence = "\(error)"
        switch error {
        case let failure as Failure: self = failure
        case FrontError.portTaken: self = .portTaken(sentence)
        case is FrontError, is UpstreamURLError, is CatalogueFile.Problem, ClientError.badURL, ClientError.badAuthority:
            self = .usage(sentence)
        case let error as WorkerError:
            switch error.kind {
            case .usage: self = .usage(sentence)
            case .portTaken: self = .portTaken(sentence)
            case .refused: self = .failed(sentence)
            }
        case let error as CoordinatorError:
            switch error {
            case .configuration, .dataFolder, .diskFull, .clock: self = .usage(sentence)
            case .addressInUse: self = .portTaken(sentence)
            case .notFound, .conflict, .failed: self = .failed(sentence)
            }
        case is ClientError, is CallError: self = .failed(sentence)
        default: return nil
        }
    }
}
