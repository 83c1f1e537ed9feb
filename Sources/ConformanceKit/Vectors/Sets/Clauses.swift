/// The requirements of the specification that vectors bear out, by what a vector is about.
enum Clauses {
    // Codec
    static let tlv = ["CONV-3.1"]
    static let tlvOrder = ["CONV-3.2"]
    static let tlvOdd = ["CONV-3.3"]
    static let tlvEven = ["CONV-3.4"]
    static let tlvCut = ["CONV-3.5"]
    static let tlvMissing = ["CONV-3.6"]
    static let tlvIntegers = ["CONV-4.1"]
    static let tlvText = ["CONV-4.2"]
    static let tlvLengths = ["CONV-4.3"]
    static let tlvFlags = ["CONV-4.4"]
    static let tlvLists = ["CONV-4.5"]
    static let tlvMany = ["CONV-4.6"]
    static let tlvMinimal = ["CONV-4.8"]
    static let names = ["CONV-4.9"]
    static let endpoints = ["CONV-4.10"]
    static let enums = ["CONV-4.11"]
    static let rows = ["CONV-4.13"]
    static let ascending = ["CONV-4.14"]
    static let sorted = ["CONV-4.15"]

    // Identity and tokens
    static let ids = ["ID-2.1"]
    static let signing = ["ID-5.1"]
    static let behindSignature = ["ID-5.2"]
    static let certificateSize = ["ID-5.3"]
    static let verification = ["ID-5.4"]
    static let mesh = ["ID-6.1"]
    static let signature = ["ID-6.2"]
    static let nodeID = ["ID-6.3"]
    static let provenKey = ["ID-6.4"]
    static let tokenSpace = ["TOKEN-1.1"]
    static let tokenPrefix = ["TOKEN-1.2"]
    static let tokenText = ["TOKEN-1.3"]
    static let tokenChecksum = ["TOKEN-1.4"]
    static let joiner = ["TOKEN-3.1"]
    static let unknownToken = ["TOKEN-3.2"]
    static let enrolRequest = ["TOKEN-4.1"]

    // Handshake
    static let preface = ["HS-2.1"]
    static let enrolmentSuite = ["HS-2.2"]
    static let noise = ["HS-3.1"]
    static let noisePSK = ["HS-3.1", "HS-3.2"]
    static let smallOrder = ["HS-3.3"]
    static let payloadOne = ["HS-3.5"]
    static let mac1 = ["HS-4.1"]
    static let firstFlight = ["HS-4.3"]
    static let samePreface = ["HS-6.1"]
    static let majors = ["HS-6.2"]
    static let suites = ["HS-6.3"]
    static let expectation = ["HS-7.2"]
    static let expired = ["HS-7.3"]
    static let certificatePresence = ["HS-7.4"]
    static let uncertified = ["HS-7.6"]
    static let framing = ["HS-8.2"]
    static let link = ["HS-3.1", "HS-8.5"]
    static let renewal = ["HS-9.4"]

    // Records
    static let record = ["REC-1.2"]
    static let recordCut = ["REC-1.3"]
    static let records = ["REC-2.1"]
    static let lastNonce = ["REC-2.2"]
    static let rekey = ["REC-3.1", "REC-3.2"]
    static let badRecord = ["REC-4.1"]
    static let shortRecord = ["REC-4.2"]
    static let failedOpen = ["REC-4.3"]

    // Frames
    static let oddFrame = ["FRAME-1.1"]
    static let evenFrame = ["FRAME-1.2"]
    static let frameFlags = ["FRAME-1.3"]
    static let frameLengths = ["FRAME-1.4"]
    static let linkFrames = ["FRAME-1.5"]
    static let streamFrames = ["FRAME-1.6"]
    static let longestReason = ["FRAME-1.7"]
    static let reasonText = ["FRAME-1.8"]
    static let parity = ["FRAME-2.1"]
    static let streamIDs = ["FRAME-2.2"]
    static let streams = ["FRAME-2.3"]
    static let states = ["FRAME-3.1"]
    static let gone = ["FRAME-3.2"]
    static let goneData = ["FRAME-3.3"]
    static let stoppedData = ["FRAME-3.4"]
    static let tooManyStreams = ["FRAME-3.5"]
    static let stop = ["FRAME-5.1"]
    static let earlyStop = ["FRAME-5.2"]
    static let padding = ["FRAME-5.5"]
    static let emptyField = ["FRAME-6.2"]
    static let headFault = ["FRAME-6.3"]
    static let headFields = ["FRAME-6.4"]
    static let errors = ["FRAME-7.2"]
    static let ownGoAway = ["FRAME-9.1"]
    static let noNewStream = ["FRAME-9.2"]
    static let refusedByGoAway = ["FRAME-9.3"]
    static let keptByGoAway = ["FRAME-9.4"]

    // Flow control and compression
    static let sending = ["FLOW-1.1"]
    static let receiving = ["FLOW-1.2"]
    static let rawCredit = ["FLOW-1.3"]
    static let windows = ["FLOW-1.4"]
    static let openStreams = ["FLOW-5.1"]
    static let cleanedUp = ["FLOW-5.2"]
    static let lowerMaxStreams = ["FLOW-5.3"]
    static let budget = ["FLOW-6.2"]
    static let flood = ["FLOW-6.1"]
    static let lz4 = ["LZ4-1.1"]
    static let lz4Size = ["LZ4-2.1"]
    static let lz4Fault = ["LZ4-2.3"]

    // Messages
    static let messageSize = ["MSG-1.2"]
    static let sequence = ["MSG-1.3"]
    static let capabilities = ["MSG-4.1"]
    static let finite = ["MSG-4.2"]
    static let eventFields = ["MSG-6.5"]
    static let noticeKind = ["MSG-8.3"]

    static let durations = ["HTTP-1.3"]

    // Datagrams
    static let datagramHeader = ["DGRAM-1.2"]
    static let datagramSize = ["DGRAM-1.1"]
    static let datagramCut = ["DGRAM-1.2"]
    static let datagramVersion = ["DGRAM-1.3"]
    static let datagramType = ["DGRAM-1.4"]
    static let datagramZeros = ["DGRAM-1.5"]
    static let initiation = ["DGRAM-2.1", "DGRAM-2.2"]
    static let initiationSize = ["DGRAM-2.1"]
    static let datagramPrologue = ["DGRAM-2.2"]
    static let initiationMac = ["DGRAM-2.3"]
    static let initiationCertificate = ["DGRAM-2.4"]
    static let initiationOrder = ["DGRAM-2.5"]
    static let response = ["DGRAM-3.9"]
    static let responseIndex = ["DGRAM-3.4"]
    static let forgedResponse = ["DGRAM-3.5"]
    static let responseCertificate = ["DGRAM-3.7"]
    static let confirmation = ["DGRAM-3.8"]
    static let mac2 = ["DGRAM-5.1", "DGRAM-5.2"]
    static let cookieIndex = ["DGRAM-5.4"]
    static let challenge = ["DGRAM-6.2", "DGRAM-6.3"]
    static let datagramSeal = ["DGRAM-4.1"]
    static let datagramOpen = ["DGRAM-4.1"]
    static let datagramIndex = ["DGRAM-4.2"]
    static let datagramCounter = ["DGRAM-4.3"]
    static let replays = ["DGRAM-4.4"]
    static let datagramForged = ["DGRAM-4.5"]

    /// The requirement behind a fault of the codec, where a vector's table says no more. `value` and `length` are those behind
    /// `bad-value` and `bad-length`, `good` the one behind no fault.
    static func codec(_ error: String?, good: [String] = tlv, value: [String] = tlvText, length: [String] = tlvIntegers) -> [String] {
        switch error {
        case nil: good
        case "unordered": tlvOrder
        case "unknown-critical": tlvEven
        case "truncated": tlvCut
        case "missing": tlvMissing
        case "oversized": tlvMany
        case "not-minimal": tlvMinimal
        case "bad-value": value
        default: length
        }
    }
}
