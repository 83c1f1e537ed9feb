import NIOCore
import Wire

struct Stage: Sendable {}

extension ConformanceRunner {
    static func runInitiator(
        _ cases: [ConformanceCase], _ options: ConformanceOptions, _ group: any EventLoopGroup, _ say: @escaping @Sendable (String) -> Void,
        _ progress: @escaping @Sendable (ConformanceReport.Result) -> Void
    ) async throws -> ConformanceReport { throw ConformanceFailure("not yet") }
}
