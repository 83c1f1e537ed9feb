import Foundation

/// Debian's nginx on a port of its own, serving files.
struct Nginx {
    let program: Program
    let url: String

    static func start(serving files: [String: String]) async throws -> Nginx {
        let sandbox = Sandbox.current!
        let root = sandbox.folder.appending(path: "www")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: root.appending(path: name)) }
        let prefix = sandbox.folder.appending(path: "nginx")
        try FileManager.default.createDirectory(at: prefix, withIntermediateDirectories: true)
        let port = try freePort()
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \($0);" }.joined(separator: " ")
        let configuration = """
            daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn;
            events {}
            http {
                access_log off; \(temporary)
                server { listen 127.0.0.1:\(port); root \(root.path); default_type text/plain; }
            }
            """
        try Data(configuration.utf8).write(to: prefix.appending(path: "nginx.conf"))
        let program = try sandbox.start(
            "nginx", ["nginx", "-e", "stderr", "-p", prefix.path, "-c", prefix.appending(path: "nginx.conf").path])
        let url = "http://127.0.0.1:\(port)"
        try await until("nginx should answer") { try await curl(url).status != 0 }
        return Nginx(program: program, url: url)
    }
}

/// A port that was free a moment ago, for programs that cannot pick one themselves.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
        }
    }
    guard result == 0 else { throw Failure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
