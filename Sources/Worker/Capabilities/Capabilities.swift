import Foundation
package import Wire

/// What this machine offers, under the keys that deployed clients read.
package enum Capabilities {
    /// Looks at the machine. Takes up to `timeout` where a graphics driver does not answer.
    package static func detect(timeout: Duration = .seconds(5)) async -> [String: CapabilityValue] {
        let memory = contents("/proc/meminfo").flatMap(memoryMegabytes)
        let hostname = contents("/proc/sys/kernel/hostname")?.split(separator: "\n").first.map(String.init)
        let output = await Subprocess.output("nvidia-smi", GPU.query, timeout: timeout)
        return assemble(
            hostname: hostname ?? "localhost", cores: ProcessInfo.processInfo.activeProcessorCount, memoryMegabytes: memory,
            gpus: output.map(GPU.parse) ?? []
        )
    }

    /// The keys and values for what was found. `gpu_type` and `gpu_memory_mb` are those of the first processor.
    package static func assemble(
        hostname: String, cores: Int, memoryMegabytes: Int64?, gpus: [GPU]
    ) -> [String: CapabilityValue] {
        var found: [String: CapabilityValue] = [
            "hostname": .text(hostname), "cpu_cores": .int(Int64(cores)), "has_gpu": .bool(!gpus.isEmpty),
        ]
        if let memoryMegabytes { found["memory_mb"] = .int(memoryMegabytes) }
        if let first = gpus.first {
            found["gpu_type"] = .text(first.name)
            found["gpu_count"] = .int(Int64(gpus.count))
            found["gpu_memory_mb"] = .int(first.memoryMegabytes)
        }
        return found
    }

    /// The line "MemTotal:       16316412 kB" of /proc/meminfo, in MiB.
    package static func memoryMegabytes(_ meminfo: String) -> Int64? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let kilobytes = Int64(words[1]) else { return nil }
            return kilobytes / 1_024
        }
        return nil
    }

    private static func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
