import Wire

/// Every case, in the order of the specification.
enum Catalogue {
    static let all: [ConformanceCase] =
        FirstCases.all + PrefaceCases.all + Mac1Cases.all + HandshakeCases.all + PayloadCases.all + CertificateCases.all
        + RecordCases.all + RekeyCases.all + FrameCases.all + StateCases.all + HeadCases.all + FlowCases.all + StreamCountCases.all
        + FloodCases.all
        + CallCases.all + CompressionCases.all + GoAwayCases.all + ServiceCases.all + MessageCases.all + RequestCases.all + WatchCases.all
        + EnrolmentCases.all + RelayCases.all + CircuitCases.all + DiallingCases.all + MemberCases.all
}

/// The same hexadecimal digits everywhere: "0x0c".
func hex(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }

/// `bytes` with one bit of the byte at `index` turned over; negative counts from the end.
func flipped(_ bytes: [UInt8], at index: Int) -> [UInt8] {
    var copy = bytes
    let place = index < 0 ? bytes.count + index : index
    if copy.indices.contains(place) { copy[place] ^= 0x10 }
    return copy
}
