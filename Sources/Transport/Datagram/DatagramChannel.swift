import Glibc
import NIOCore
import NIOPosix
import Wire

/// One bound UDP socket: SwiftNIO reads it in batches, `DatagramSender` writes it.
final class DatagramChannel {
    let channel: any Channel
    let isV6: Bool
    let sender: DatagramSender

    /// Datagrams that one system call reads.
    private static let batch = 16
    /// Bytes that each may have: longer ones are cut, and dropped for that.
    private static let slot = 2_048

    private init(_ channel: any Channel, isV6: Bool, socket: CInt) {
        self.channel = channel
        self.isV6 = isV6
        sender = DatagramSender(socket: socket)
    }

    /// Binds a socket on `loop`. Throws what the socket throws.
    static func bind(
        host: String, port: Int, on loop: any EventLoop, handler: @escaping @Sendable () -> any ChannelHandler & Sendable
    ) -> EventLoopFuture<any Channel> {
        let isV6 = host.contains(":")
        var bootstrap = DatagramBootstrap(group: loop)
            .channelOption(.datagramVectorReadMessageCount, value: batch)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: batch * slot))
            .channelInitializer { channel in channel.pipeline.addHandler(handler()) }
        if isV6 { bootstrap = bootstrap.channelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1) }
        return bootstrap.bind(host: host, port: port)
    }

    /// The socket of a bound channel. On its loop.
    static func over(_ channel: any Channel) throws -> DatagramChannel {
        let isV6 = channel.localAddress?.protocol == .inet6
        let socket = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        guard let socket else { throw ChannelError.operationUnsupported }
        // Never cut into pieces on the way: a path that does not carry a datagram is to say so.
        let level = Int32(truncatingIfNeeded: isV6 ? IPPROTO_IPV6 : IPPROTO_IP)
        var mode: CInt = isV6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO
        let length = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(socket, level, isV6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode, length)
        return DatagramChannel(channel, isV6: isV6, socket: socket)
    }
}
