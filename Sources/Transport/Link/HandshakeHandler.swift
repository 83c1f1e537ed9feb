import NIOCore
import Wire

/// Carries the bytes of one handshake and gives way to the link. Confined to the channel's loop.
///
/// Everything that goes wrong before the link stands ends in a silent close: a stranger learns nothing.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State: ~Copyable {
        case initiator(LinkInitiator)
        case responder(LinkResponder)
        case done
    }

    /// Called once: with the keys of the link, or with why there is none.
    typealias Completion = (consuming HandshakeOutcome) -> Void

    private let isProbe: Bool
    private var state: State
    private var completion: Completion?
    private var timeout: Scheduled<Void>?

    /// A probe stops after message 2: the peer is known then and hears nothing of this side.
    init(initiator: consuming LinkInitiator, isProbe: Bool, completion: @escaping Completion) {
        self.isProbe = isProbe
        state = .initiator(initiator)
        self.completion = completion
    }

    init(responder: consuming LinkResponder, completion: @escaping Completion) {
        isProbe = false
        state = .responder(responder)
        self.completion = completion
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let isolated = context.eventLoop.assumeIsolated()
        timeout = isolated.scheduleTask(in: TimeAmount(Limits.handshakeTimeout)) { [weak self] in  // HS-8.3
            self?.fail(CallError(.unreachable, "no handshake within \(Limits.handshakeTimeout)"), context)
        }
        if context.channel.isActive { start(context) }
    }

    func channelActive(context: ChannelHandlerContext) { start(context) }

    private func start(_ context: ChannelHandlerContext) {
        do {
            switch exchange(&state, with: .done) {
            case .initiator(var initiator):
                let flight = try initiator.start()
                state = .initiator(initiator)
                send(flight, context)
            case .responder(let responder): state = .responder(responder)
            case .done: break
            }
        } catch {
            fail(CallError(error.handshakeCode, "\(error)"), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(buffer: unwrapInboundIn(data))
        do {
            switch exchange(&state, with: .done) {
            case .initiator(let initiator): try receive(bytes, initiator, context)
            case .responder(let responder): try receive(bytes, responder, context)
            case .done: break
            }
        } catch let error as WireError {
            fail(CallError(error.handshakeCode, "the handshake failed: \(error)"), context)
        } catch {
            fail(CallError(.authentication, "\(error)"), context)
        }
    }

    private func receive(_ bytes: [UInt8], _ initiator: consuming LinkInitiator, _ context: ChannelHandlerContext) throws {
        switch try initiator.receive(bytes) {
        case .needMore: state = .initiator(initiator)
        case .established(let reply, let keys):
            if !isProbe { send(reply, context) }  // MSG-3.5
            finish(HandshakeOutcome(keys: keys, error: nil))
        }
    }

    private func receive(_ bytes: [UInt8], _ responder: consuming LinkResponder, _ context: ChannelHandlerContext) throws {
        switch try responder.receive(bytes) {
        case .needMore: state = .responder(responder)
        case .send(let reply):
            state = .responder(responder)
            send(reply, context)
        case .established(let keys): finish(HandshakeOutcome(keys: keys, error: nil))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(CallError(.unreachable, "the connection was closed during the handshake"), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(CallError(.unreachable, "\(error)"), context) }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func finish(_ outcome: consuming HandshakeOutcome) {
        timeout?.cancel()
        guard let completion else { return }
        self.completion = nil
        completion(outcome)
    }

    private func fail(_ error: CallError, _ context: ChannelHandlerContext) {  // HS-8.1
        state = .done
        finish(HandshakeOutcome(keys: nil, error: error))
        context.close(promise: nil)
    }
}

/// How a handshake ended: exactly one of the two is there.
struct HandshakeOutcome: ~Copyable {
    var keys: LinkKeys?
    var error: CallError?
}

extension WireError {
    /// What a dialler makes of a handshake that failed: the peer is not whom we meant, or could not be reached at all.
    fileprivate var handshakeCode: ErrorCode {
        if case .certificate(let code) = self { return code }
        return .authentication.notProcessed
    }
}
