/// One graphics processor.
package struct GPU: Hashable, Sendable {
    package var name: String
    package var memoryMegabytes: Int64

    package init(name: String, memoryMegabytes: Int64) {
        self.name = name
        self.memoryMegabytes = memoryMegabytes
    }

    /// What to ask nvidia-smi for, so that `parse` can read the answer.
    package static let query = ["--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]

    /// Reads the answer of nvidia-smi to `query`: a line for each processor, "NVIDIA GeForce RTX 3090, 24576". Lines of any
    /// other form (warnings, "[N/A]" for a processor that shares the memory of the machine) give no or partial answers.
    package static func parse(_ output: String) -> [GPU] {
        output.split(whereSeparator: \.isNewline).compactMap { line in
            guard let comma = line.lastIndex(of: ",") else { return nil }
            let name = line[..<comma].trimmed
            let memory = line[line.index(after: comma)...].trimmed
            guard !name.isEmpty, Int64(memory) != nil || memory == "[N/A]" else { return nil }
            return GPU(name: String(name), memoryMegabytes: Int64(memory) ?? 0)
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
