import Foundation
import HTTPCompat
import Logging
import NIOCore

/// Writes log lines to standard error: for people `23:31:40 info   worker joined  name=gpu-1`, or one JSON object a line.
struct LineLogHandler: LogHandler {
    enum Format: Sendable {
        case text
        case json
    }

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    let format: Format

    init(logLevel: Logger.Level, format: Format) {
        self.logLevel = logLevel
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        switch format {
        case .text: Terminal.note(text(event.level, Terminal.plain("\(event.message)"), fields))
        case .json: Terminal.note(json(event.level, "\(event.message)", fields))
        }
    }

    private func text(_ level: Logger.Level, _ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        let name = level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
        let on = Terminal.errorHasColour
        let shown = level >= .error ? Style.red(name, on) : level == .warning ? Style.yellow(name, on) : Style.dim(name, on)
        let details = fields.map { Style.dim("\($0.key)=", on) + Terminal.plain("\($0.value)") }.joined(separator: " ")
        return "\(Self.time("%H:%M:%S")) \(shown) \(message)" + (details.isEmpty ? "" : "  \(details)")
    }

    private func json(_ level: Logger.Level, _ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        var line = JSONWriter()
        line.object { line in
            line.field("time", Self.time("%Y-%m-%dT%H:%M:%S%z"))
            line.field("level", level.rawValue)
            line.field("message", message)
            for (key, value) in fields {
                line.name(key)
                line.string("\(value)")
            }
        }
        return String(buffer: line.buffer)
    }

    private static func time(_ format: String) -> String {
        var now = time_t()
        Foundation.time(&now)
        var parts = tm()
        localtime_r(&now, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
