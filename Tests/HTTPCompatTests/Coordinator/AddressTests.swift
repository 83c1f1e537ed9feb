import Coordinator
import NIOCore
import Testing

@testable import HTTPCompat

@Suite struct AddressTests {
    @Test func knowsKindsOfHosts() throws {
        #expect(try UpstreamURL("http://localhost:1").hostClass == .loopback)
        #expect(try UpstreamURL("http://[::ffff:127.0.0.1]:1").hostClass == .loopback)
        #expect(try UpstreamURL("http://169.254.169.254").hostClass == .linkLocal)
        #expect(try UpstreamURL("http://0.0.0.0:1").hostClass == .unusable)
        #expect(try UpstreamURL("http://localhost.example:1").hostClass == .name)
        #expect(HostClass(try SocketAddress(ipAddress: "10.0.0.1", port: 1)) == .routable)
        #expect(HostClass(try SocketAddress(unixDomainSocketPath: "/x")) == .loopback)
    }

    @Test func decodesTargets() {
        #expect(TargetText.decode(segment: "a-b.c") == "a-b.c")
        #expect(TargetText.decode(segment: "a%2Fb%C3%BC+") == "a/bü+")
        #expect(TargetText.decode(segment: "%") == nil)
        #expect(TargetText.decode(segment: "%4") == nil)
        #expect(TargetText.decode(segment: "%zz") == nil)
        #expect(TargetText.decode(segment: "%ff") == nil)
        #expect(TargetText.parameter("b", in: "a=1&b=x+y%26&b=2") == "x y&")
        #expect(TargetText.parameter("b", in: "b") == "")
        #expect(TargetText.parameter("b", in: "bb=1&a=b") == nil)
        #expect(TargetText.parameter("b", in: nil) == nil)
        #expect(TargetText.parameter("b", in: "b=%") == nil)
    }
}
