import FuzzKit

@main struct Main {
    static func main() {
        Fuzzer.run([.lookup, .dhtNode])
    }
}
