import FuzzKit
import Wire

@main struct Target {
    static func main() {
        Fuzzer.run { input in
            var shell = FuzzShell(isInitiator: input.byte() & 1 == 1)
            // An error ends the link, and with it the run.
            while !input.isEmpty, (try? shell.step(&input)) != nil {}
        }
    }
}
