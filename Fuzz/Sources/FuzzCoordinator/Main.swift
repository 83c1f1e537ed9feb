import FuzzKit

@main struct Main {
    static func main() {
        Fuzzer.run([.admission, .registry, .liveness, .assignment, .control])
    }
}
