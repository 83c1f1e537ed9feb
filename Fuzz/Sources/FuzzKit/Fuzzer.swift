import Foundation

/// One parser or machine, and what must hold of it for every input.
public struct FuzzTarget: Sendable {
    let name: String
    let length: Int
    let seeds: @Sendable () throws -> [[UInt8]]
    let body: @Sendable (inout FuzzInput) -> Void

    /// - Parameters:
    ///   - length: bytes of the longest input; less where each byte is an event.
    ///   - seeds: honest inputs to begin with.
    ///   - body: stops the program where something does not hold.
    public init(
        _ name: String, length: Int = 4_096, seeds: @autoclosure @escaping @Sendable () throws -> [[UInt8]] = FuzzSeeds.noise,
        _ body: @escaping @Sendable (inout FuzzInput) -> Void
    ) {
        self.name = name
        self.length = length
        self.seeds = seeds
        self.body = body
    }
}

/// libFuzzer, asked to run a Swift closure.
public enum Fuzzer {
    // Set once, before the fuzzer's only thread begins.
    nonisolated(unsafe) fileprivate static var body: (inout FuzzInput) -> Void = { _ in }

    /// What the command line asks for: `list`, which prints the targets; `seeds FOLDER`, which writes their seeds into
    /// FOLDER/TARGET; or `TARGET`, with the options of libFuzzer behind it.
    public static func run(_ targets: [FuzzTarget]) {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "list": for target in targets { print(target.name) }
        case "seeds": write(targets, to: arguments.dropFirst(2).first ?? "corpus")
        case let name:
            guard let target = targets.first(where: { $0.name == name }) else { fatalError("no such target") }
            run(target, [arguments[0], "-max_len=\(target.length)"] + arguments.dropFirst(2))
        }
    }

    private static func write(_ targets: [FuzzTarget], to folder: String) {
        do {
            for target in targets {
                let place = URL(fileURLWithPath: folder).appendingPathComponent(target.name)
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                for (index, seed) in try target.seeds().enumerated() {
                    try Data(seed).write(to: place.appendingPathComponent("seed-\(index)"))
                }
            }
        } catch {
            fatalError("the seeds cannot be written: \(error)")
        }
    }

    /// Hands the target one input after the other until the limits of `arguments` are reached. Does not return.
    private static func run(_ target: FuzzTarget, _ arguments: [String]) {
        body = target.body
        var count = CInt(arguments.count)
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { copies[index] = strdup(argument) }
        copies[arguments.count] = nil
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = copies
        _ = runDriver(&count, &list, testOneInput)
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
