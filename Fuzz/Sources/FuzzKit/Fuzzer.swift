/// libFuzzer, asked to run a Swift closure.
public enum Fuzzer {
    // Set once, before the fuzzer's only thread begins.
    nonisolated(unsafe) fileprivate static var body: (inout FuzzInput) -> Void = { _ in }

    /// Hands `body` one input after the other until the command line's limits are reached. Does not return.
    public static func run(_ body: @escaping (inout FuzzInput) -> Void) {
        Self.body = body
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments, testOneInput)
    }
}

/// The name that libFuzzer's own entry point links to; ours goes through the driver.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(Array(UnsafeBufferPointer(start: start, count: count)))
    Fuzzer.body(&input)
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
