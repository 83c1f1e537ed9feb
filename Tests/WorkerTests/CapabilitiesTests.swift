import Testing
import Wire
import Worker

@Suite struct CapabilitiesTests {
    @Test func readsNvidiaSMI() {
        let output = """
            NVIDIA GeForce RTX 3090, 24576
            Tesla T4, 15360

            """
        #expect(
            GPU.parse(output) == [
                GPU(name: "NVIDIA GeForce RTX 3090", memoryMegabytes: 24_576), GPU(name: "Tesla T4", memoryMegabytes: 15_360),
            ])
    }

    @Test(arguments: [
        "", "\n", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "No devices were found\n", ", 3", "a,b",
        "Failed to initialize NVML: Driver/library version mismatch",
    ])
    func whatIsNoProcessorGivesNone(output: String) {
        #expect(GPU.parse(output).isEmpty)
    }

    @Test func sharedMemoryIsNotANumber() {
        #expect(GPU.parse("NVIDIA GB10, [N/A]") == [GPU(name: "NVIDIA GB10", memoryMegabytes: 0)])
    }

    @Test func theKeysAreThoseThatClientsRead() {
        let gpus = [GPU(name: "Tesla T4", memoryMegabytes: 15_360), GPU(name: "Tesla T4", memoryMegabytes: 15_360)]
        #expect(
            Capabilities.assemble(hostname: "h", cores: 8, memoryMegabytes: 64, gpus: gpus) == [
                "hostname": .text("h"), "cpu_cores": .int(8), "memory_mb": .int(64), "has_gpu": .bool(true), "gpu_type": .text("Tesla T4"),
                "gpu_count": .int(2), "gpu_memory_mb": .int(15_360),
            ])
        let bare = Capabilities.assemble(hostname: "h", cores: 1, memoryMegabytes: nil, gpus: [])
        #expect(bare == ["hostname": .text("h"), "cpu_cores": .int(1), "has_gpu": .bool(false)])
    }

    @Test func readsMeminfo() {
        #expect(Capabilities.memoryMegabytes("MemTotal:       16316412 kB\nMemFree: 3 kB\n") == 15_933)
        #expect(Capabilities.memoryMegabytes("MemTotal: many kB") == nil)
        #expect(Capabilities.memoryMegabytes("") == nil)
    }

    @Test func thisMachineHasCores() async {
        let found = await Capabilities.detect()
        guard case .int(let cores) = found["cpu_cores"] else { return #expect(Bool(false), "cpu_cores is an integer") }
        #expect(cores >= 1)
        #expect(found["hostname"] != nil && found["memory_mb"] != nil && found["has_gpu"] != nil)
    }
}
