import Testing

@testable import Coordinator

@Suite struct HostClassTests {
    @Test(
        arguments: [
            ("127.0.0.1", HostClass.loopback), ("127.255.0.9", .loopback), ("::1", .loopback), ("localhost", .loopback),
            ("LOCALHOST", .loopback), ("a.localhost", .loopback), ("::ffff:127.0.0.1", .loopback), ("169.254.1.1", .linkLocal),
            ("fe80::1", .linkLocal), ("fe80::1%eth0", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .routable),
            ("10.0.0.1", .routable), ("192.168.1.1", .routable), ("8.8.8.8", .routable), ("2001:db8::1", .routable), ("fd00::1", .routable),
            ("0.0.0.0", .unusable), ("0.1.2.3", .unusable), ("::", .unusable), ("224.0.0.1", .unusable), ("255.255.255.255", .unusable),
            ("ff02::1", .unusable), ("::ffff:0.0.0.0", .unusable), ("::ffff:169.254.0.1", .linkLocal), ("::10.0.0.1", .routable),
            ("host.example", .name), ("1.2.3", .name), ("", .name),
        ] as [(String, HostClass)])
    func classifies(host: String, expected: HostClass) { #expect(HostClass(host) == expected) }

    // MSG-3.6
    @Test func onlyNeighboursMayAdvertiseWhatOnlyTheyReach() {
        #expect(HostClass.loopback.mayBeAdvertised(bySomeoneAt: .loopback))
        #expect(!HostClass.loopback.mayBeAdvertised(bySomeoneAt: .routable))
        #expect(!HostClass.loopback.mayBeAdvertised(bySomeoneAt: .linkLocal))
        #expect(HostClass.linkLocal.mayBeAdvertised(bySomeoneAt: .linkLocal))
        #expect(!HostClass.linkLocal.mayBeAdvertised(bySomeoneAt: .routable))
        #expect(HostClass.routable.mayBeAdvertised(bySomeoneAt: .loopback))
        #expect(!HostClass.unusable.mayBeAdvertised(bySomeoneAt: .loopback))
    }
}
