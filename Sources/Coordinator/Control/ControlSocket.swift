import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Transport
import Wire

/// The socket in the data folder through which commands reach a running coordinator. Mode 0600, in a folder of mode 0700: whoever
/// can open it may do anything. One request and one answer per connection, each framed as in a `MessageSequence`.
final class ControlServer: Sendable {
    private let answer: @Sendable (AdminRequest) async -> AdminAnswer
    private let channel = Mutex<(any Channel)?>(nil)

    init(answer: @escaping @Sendable (AdminRequest) async -> AdminAnswer) { self.answer = answer }

    func listen(folder: String, group: any EventLoopGroup) async throws(CoordinatorError) {
        let path = SocketPath(DataFolder.socketPath(folder))
        let answer = answer
        do {
            let channel = try await ServerBootstrap(group: group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ControlHandler(answer: answer))
                    }
                }
                .bind(unixDomainSocketPath: path.usable, cleanupExistingSocketFile: true).get()
            chmod(path.usable, 0o600)
            self.channel.withLock { $0 = channel }
        } catch { throw .dataFolder("The control socket in \(folder) cannot be made: \(error).") }
    }

    func close() async {
        let channel = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        try? await channel?.close()
    }
}

/// Reads one request, has it answered, writes the answer and closes.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (AdminRequest) async -> AdminAnswer
    private var reader = MessageReader(limit: Limits.record)
    private var isAsked = false

    init(answer: @escaping @Sendable (AdminRequest) async -> AdminAnswer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAsked else { return }
        reader.append(unwrapInboundIn(data).readableBytesView)
        do throws(WireError) {
            guard let message = try reader.next() else { return }
            isAsked = true
            respond(to: try AdminRequest(message), context.channel)
        } catch { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func respond(to request: AdminRequest, _ channel: any Channel) {
        let answer = answer
        Task {
            guard let bytes = try? await answer(request).encode(),
                let framed = try? MessageSequence.framed(bytes, limit: Limits.adminAnswer)
            else {
                return channel.close(promise: nil)
            }
            try? await channel.writeAndFlush(ByteBuffer(bytes: framed))
            channel.close(promise: nil)
        }
    }
}

/// The command's side of the socket.
enum ControlClient {
    /// The answer of the coordinator that runs on `folder`; `nil` where none runs.
    static func ask(_ request: AdminRequest, folder: String) async throws(CoordinatorError) -> AdminAnswer? {
        let path = SocketPath(DataFolder.socketPath(folder))
        let result = AnswerBox()
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AnswerHandler(result)) }
                }
                .connect(unixDomainSocketPath: path.usable).get()
        } catch let error as IOError where error.errnoCode == ENOENT || error.errnoCode == ECONNREFUSED {
            return nil
        } catch { throw .failed("The running coordinator cannot be asked: \(error).") }
        do {
            try await channel.writeAndFlush(ByteBuffer(bytes: try MessageSequence.framed(try request.encode())))
            try await channel.closeFuture.get()
            guard let answer = try result.answer() else { throw CoordinatorError.failed("The coordinator closed the connection.") }
            return answer
        } catch let error as CoordinatorError { throw error } catch {
            throw .failed("The running coordinator cannot be asked: \(error).")
        }
    }

    /// What has come so far.
    private final class AnswerBox: Sendable {
        private let bytes = Mutex<[UInt8]>([])

        func append(_ more: ByteBufferView) {
            bytes.withLock { if $0.count <= Limits.adminAnswer { $0.append(contentsOf: more) } }
        }

        func answer() throws(WireError) -> AdminAnswer? {
            var reader = MessageReader(limit: Limits.adminAnswer)
            reader.append(bytes.withLock { $0 })
            guard let message = try reader.next() else { return nil }
            return try message.decode { bytes throws(WireError) in try AdminAnswer(decoding: bytes) }
        }
    }

    private final class AnswerHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let box: AnswerBox

        init(_ box: AnswerBox) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { box.append(unwrapInboundIn(data).readableBytesView) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// A path that fits a socket address, which holds 107 bytes: a longer one is reached through an open folder.
private final class SocketPath {
    /// The path to bind or connect to, as long as this value lives.
    let usable: String
    private let folder: Int32

    init(_ path: String) {
        guard path.utf8.count > 100, let slash = path.lastIndex(of: "/") else {
            usable = path
            folder = -1
            return
        }
        folder = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        usable = "/proc/self/fd/\(folder)\(path[slash...])"
    }

    deinit { if folder >= 0 { close(folder) } }
}
