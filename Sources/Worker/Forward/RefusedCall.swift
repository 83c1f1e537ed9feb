import NIOCore
import Transport
import Wire

/// A call that could not be made: it tells its receiver why, on the next turn of the loop, and nothing else.
final class RefusedCall: CallStream {
    let eventLoop: any EventLoop
    private var receiver: (any CallReceiver)?

    init(_ error: CallError, on loop: any EventLoop, receiver: any CallReceiver) {
        eventLoop = loop
        self.receiver = receiver
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            let call = bound.value
            let receiver = call.receiver
            call.receiver = nil
            receiver?.callFailed(error)
        }
    }

    var isWritable: Bool { true }
    func write(_ bytes: ByteBuffer) {}
    func finish() {}
    func consumed(_ count: Int) {}
    func cancel(_ code: ErrorCode, reason: String) { receiver = nil }
}
