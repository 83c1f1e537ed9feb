import Foundation
import FuzzKit

/// FuzzSeeds FOLDER: writes the seeds of each target into FOLDER/TARGET.
@main struct Main {
    static func main() throws {
        let folder = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? "corpus")
        for (target, seeds) in try FuzzKit.FuzzSeeds.all() {
            let place = folder.appendingPathComponent(target)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (index, seed) in seeds.enumerated() { try Data(seed).write(to: place.appendingPathComponent("seed-\(index)")) }
        }
    }
}
