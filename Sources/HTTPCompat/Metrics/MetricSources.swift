package import NIOCore
internal import Synchronization

/// What `/metrics` says: every part of the process adds a source, and a scrape asks them all.
///
/// Nothing is gathered between scrapes: a source reads counters that its part keeps anyway.
package final class MetricSources: Sendable {
    /// Writes whole families. Called on the thread of the scrape; must not block.
    package typealias Source = @Sendable (inout PrometheusText) -> Void

    private let sources = Mutex<[Source]>([])

    package init() {}

    /// Adds a source. Two sources must not write the same family.
    package func add(_ source: @escaping Source) { sources.withLock { $0.append(source) } }

    /// The text of all sources, in the order in which they were added.
    package func render() -> ByteBuffer {
        var text = PrometheusText()
        for source in sources.withLock({ $0 }) { source(&text) }
        return text.buffer
    }
}
