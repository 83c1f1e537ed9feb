/// Every kind of vector and every file of spec/vectors.
enum VectorSets {
    static let kinds: [VectorKind] = [
        .noise, .recordSeal, .recordOpen, .tlv, .link, .head, .message, .sequence, .frames, .stream, .ids, .mac1, .certificateIssue,
        .certificate, .enrolmentSignature, .enrolmentVerify, .token, .tokenText, .errorCode, .duration, .lz4, .datagramHeader,
        .datagramHandshake, .datagramCookieSeal, .datagramCookieOpen, .datagramSeal, .datagramOpen, .replayWindow,
    ]

    static func all() throws -> [VectorSet] {
        try NoiseSets.all() + RecordSets.all() + [TLVSets.all()] + LinkSets.all() + [HeadSets.all()] + MessageSets.all() + [StateSets.all()]
            + FrameSets.all() + FlowSets.all() + CertificateSets.all() + TokenSets.all() + [LZ4Sets.all()] + DatagramSets.all()
    }
}
