import FuzzKit

@main struct Main {
    static func main() {
        Fuzzer.run([.json, .files, .request, .turn, .registration, .answers, .text])
    }
}
