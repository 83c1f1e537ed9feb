import NIOCore
import Wire

/// Calls one target over whatever link there is to it.
struct PeerCaller: Caller {
    let endpoint: MeshEndpoint
    let target: LinkTarget

    var preferredLoop: any EventLoop {
        switch endpoint.place(for: target, on: endpoint.group.next()) {
        case .up(let entry): entry.loop
        case .dialling(let dial): dial.loop
        case .failed: endpoint.group.next()
        }
    }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        switch endpoint.place(for: target, on: loop) {
        case .up(let entry):
            if entry.loop === loop, let stream = entry.bound.value.call(head, receiver: receiver) { return stream }
            return HoppingStream.open(head, on: loop, receiver: receiver, linkLoop: entry.loop) { entry.bound.value.call($0) }
        case .dialling(let dial):
            return HoppingStream.open(head, on: loop, receiver: receiver, linkLoop: dial.loop) { stream in
                dial.whenDone { result in
                    switch result {
                    case .success(let link): link.call(stream)
                    case .failure(let error): stream.failLater(error)
                    }
                }
            }
        case .failed(let error):
            let stream = LinkStream(calling: head, receiver: receiver, on: loop)
            stream.failLater(error)
            return stream
        }
    }
}
