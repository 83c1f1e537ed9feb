import ArgumentParser
import Wire

/// A service to host: NAME=URL.
struct ServiceArgument: ExpressibleByArgument, Equatable {
    var name: String
    var url: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<equals])
        url = String(argument[argument.index(after: equals)...])
        guard Name.isValid(name), url.hasPrefix("http://") || url.hasPrefix("https://") else { return nil }
    }

    static let wanted = "a service with its URL, such as llm-inference=http://127.0.0.1:8105"
}

/// "host:port" where others reach this node.
struct EndpointArgument: ExpressibleByArgument, Equatable {
    var endpoint: Endpoint

    init?(argument: String) {
        guard let endpoint = Endpoint(argument), endpoint.port != 0 else { return nil }
        self.endpoint = endpoint
    }

    static let wanted = "a host with a port, such as gpu-1.example:7701"
}
