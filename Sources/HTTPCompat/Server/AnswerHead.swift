import NIOCore
import NIOHTTP1

/// Writes the head of an answer as HTTP/1.1 text.
///
/// Fields may come from other machines, so nothing here trusts them: a name or value that could end its line is left out,
/// and the fields that frame the answer are written by the front alone.
enum AnswerHead {
    /// - Parameters:
    ///   - framing: what `FrontTurn` decided; says which framing field stands here.
    ///   - length: of the body as it would be sent, for the field of an answer to HEAD; `nil` if unknown.
    ///   - date: value of Date, written when no field has one.
    static func write(
        status: Int, fields: some Sequence<(name: String, value: String)>, framing: FrontTurn.Framing, length: UInt64?,
        keepsAlive: Bool, speaks11: Bool, date: String, into buffer: inout ByteBuffer
    ) {
        buffer.writeString("HTTP/1.1 ")
        buffer.writeString(String(status))
        buffer.writeString(" ")
        buffer.writeString(HTTPResponseStatus(statusCode: status).reasonPhrase)
        var hasDate = false
        var hasServer = false
        for (name, value) in fields where isOurs(name) == false && FieldText.isName(name) && FieldText.isValue(value) {
            if name == "date" { hasDate = true }
            if name == "server" { hasServer = true }
            buffer.writeString("\r\n")
            buffer.writeString(name)
            buffer.writeString(": ")
            buffer.writeString(value)
        }
        if !hasDate { buffer.writeString("\r\ndate: \(date)") }
        if !hasServer { buffer.writeString("\r\nserver: wiremesh") }
        switch framing {
        case .length(let count): buffer.writeString("\r\ncontent-length: \(count)")
        case .none: if let length, status != 204 { buffer.writeString("\r\ncontent-length: \(length)") }
        case .chunked: buffer.writeString("\r\ntransfer-encoding: chunked")
        case .untilClose: break
        }
        if !keepsAlive {
            buffer.writeString("\r\nconnection: close")
        } else if !speaks11 {
            buffer.writeString("\r\nconnection: keep-alive")
        }
        buffer.writeString("\r\n\r\n")
    }

    /// Fields that say how this one connection carries the answer.
    private static func isOurs(_ name: String) -> Bool {
        switch name {
        case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "proxy-connection": true
        default: false
        }
    }

    /// `HTTP/1.1 100 Continue`, whole.
    static let interim: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    /// The chunk that ends a body.
    static let lastChunk: StaticString = "0\r\n\r\n"
}
