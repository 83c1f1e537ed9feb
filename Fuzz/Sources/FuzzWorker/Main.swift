import FuzzKit

@main struct Main {
    static func main() {
        Fuzzer.run([.routes, .balancer, .gate, .schedule, .retry])
    }
}
