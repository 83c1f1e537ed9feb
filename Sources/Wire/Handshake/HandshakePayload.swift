/// What the encrypted payloads of messages 2 and 3 carry.
///
/// Both sides repeat the preface as they know it and all that they speak, so that nobody in between can talk them down.
package struct HandshakePayload {
    /// The preface as the sender sent or received it.
    package var preface: [UInt8]
    /// Every major version that the sender speaks, ascending.
    package var majors: [UInt8]
    /// Every suite that the sender can run, ascending.
    package var suites: [UInt8]
    package var parameters: LinkParameters
    /// Absent only from a joiner.
    package var certificate: Certificate?

    private enum Field {
        static let preface: UInt16 = 2
        static let majors: UInt16 = 4
        static let suites: UInt16 = 6
        static let parameters: UInt16 = 8
        static let certificate: UInt16 = 10
    }

    /// This side's payload. `suites` are those that it can run.
    package init(preface: Preface, suites: [Suite] = Suite.available, parameters: LinkParameters, certificate: Certificate?) {
        self.preface = preface.encoded
        majors = [Preface.major]
        self.suites = suites.map(\.rawValue).sorted()
        self.parameters = parameters
        self.certificate = certificate
    }

    package func encoded() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.preface, bytes: preface)
        writer.put(Field.majors, bytes: majors)
        writer.put(Field.suites, bytes: suites)
        writer.put(Field.parameters) { parameters.write(to: &$0) }
        if let certificate { writer.put(Field.certificate, bytes: certificate.encoded) }
        return try writer.finish()
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        var preface: [UInt8]?
        var majors: [UInt8]?
        var suites: [UInt8]?
        var parameters: LinkParameters?
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.preface: preface = try bytes.array(field, exactly: Preface.length)
            case Field.majors: majors = try Self.ascending(bytes, field)
            case Field.suites: suites = try Self.ascending(bytes, field)
            case Field.parameters: parameters = try LinkParameters(decoding: bytes.extracting(field.range))
            case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
            default: try field.skipOrRefuse()
            }
        }
        self.preface = try required(Field.preface, preface)
        self.majors = try required(Field.majors, majors)
        self.suites = try required(Field.suites, suites)
        self.parameters = try required(Field.parameters, parameters)
    }

    /// `downgrade` where the peer saw another preface, or both speak a higher version than the one in use, or the peer does not
    /// speak what is in use.
    package func checkOffer(_ preface: Preface) throws(WireError) {
        guard self.preface == preface.encoded, majors.filter({ $0 <= Preface.major }).last == preface.major,  // HS-6.1, HS-6.2, HS-6.3
            suites.contains(preface.suite.rawValue)
        else { throw .downgrade }
    }

    /// A set of small numbers, one byte each, in its one order.
    private static func ascending(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [UInt8] {
        let values = try bytes.array(field, limit: 256)
        guard zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .badValue(field.type) }  // CONV-4.14
        return values
    }
}
