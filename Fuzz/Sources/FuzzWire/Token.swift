import FuzzKit
import Wire

extension FuzzTarget {
    static let token = FuzzTarget("Token", seeds: try FuzzSeeds.all()["Token"] ?? []) { input in
        let text = String(decoding: input.bytes, as: UTF8.self)
        if let token = try? JoinToken(text) {
            guard let again = try? JoinToken(token.text()) else { fatalError("read what cannot be written") }
            precondition(again.id == token.id && again.secret.equals(token.secret) && again.endpoints == token.endpoints)
        }
        if let endpoint = Endpoint(text) { precondition(Endpoint(endpoint.description) == endpoint) }
    }
}
