/// The clauses of the specification that vectors bear out, one name for each group that stands together.
enum Clauses {
    static let noise = ["WIRE-3.2"]
    static let noisePSK = ["WIRE-3.2", "WIRE-3.4"]
    static let records = ["WIRE-4.2"]
    static let rekey = ["WIRE-4.3"]
    static let failedOpen = ["WIRE-4.4"]
    static let tlv = ["WIRE-1.1"]
    static let tlvOrder = ["WIRE-1.2"]
    static let tlvUnknown = ["WIRE-1.3"]
    static let tlvIntegers = ["WIRE-1.4"]
    static let tlvText = ["WIRE-1.5"]
    static let tlvFlags = ["WIRE-1.6"]
    static let tlvLists = ["WIRE-1.7"]
    static let tlvMinimal = ["WIRE-1.8"]
}

extension Clauses {
    static let names = ["ID-1.5"]
    static let endpoints = ["ID-3.1"]
}

extension Clauses {
    static let link = ["WIRE-3.1"]
    static let preface = ["WIRE-2.2"]
    static let enrolmentSuite = ["WIRE-2.3"]
    static let mac1 = ["WIRE-3.3"]
    static let psk = ["WIRE-3.4"]
    static let firstFlight = ["WIRE-3.1"]
    static let payloadOne = ["WIRE-3.5"]
    static let payload = ["WIRE-3.5"]
    static let parameters = ["WIRE-3.5"]
    static let downgrade = ["WIRE-3.6"]
    static let certificateUse = ["WIRE-3.7"]
    static let certificateForm = ["ID-2.1"]
    static let expectation = ["WIRE-3.8"]
    static let expired = ["WIRE-3.9"]
    static let framing = ["WIRE-3.11"]
}

extension Clauses {
    static let enrolRequest = ["MSG-2.1"]
    static let renewRequest = ["MSG-2.2"]
    static let enrolAnswer = ["MSG-2.3"]
    static let registration = ["MSG-3.1"]
    static let capabilities = ["MSG-3.2"]
    static let registrationAccepted = ["MSG-3.3"]
    static let serviceRecord = ["MSG-3.4"]
    static let load = ["MSG-3.5"]
    static let summary = ["MSG-4.1"]
    static let discover = ["MSG-4.2"]
    static let sequence = ["MSG-1.2"]
    static let resolve = ["MSG-4.4"]
    static let workerRecord = ["MSG-4.5"]
    static let watchRequest = ["MSG-5.1"]
    static let watchEvent = ["MSG-5.2"]
    static let notice = ["MSG-6.1"]
    static let head = ["WIRE-7.1"]
}

extension Clauses {
    static let states = ["WIRE-6.2"]
    static let frames = ["WIRE-5.1"]
    static let frameUnknown = ["WIRE-5.2"]
    static let frameStreams = ["WIRE-5.3"]
    static let reasons = ["WIRE-5.4"]
    static let budget = ["WIRE-5.5"]
    static let streamIDs = ["WIRE-6.1"]
    static let goAway = ["WIRE-6.7"]
    static let maxStreams = ["WIRE-6.6"]
    static let headFault = ["WIRE-7.2"]
    static let credit = ["WIRE-8.1"]
    static let rawCredit = ["WIRE-8.2"]
    static let overCredit = ["WIRE-8.3"]
    static let deadCredit = ["WIRE-8.4"]
    static let lz4 = ["WIRE-9.1"]
    static let lz4Fault = ["WIRE-9.2"]
    static let errors = ["WIRE-10.1"]
}

extension Clauses {
    static let stop = ["WIRE-6.5"]
    static let windows = ["WIRE-8.1"]
}

extension Clauses {
    static let ids = ["ID-1.3", "ID-1.4"]
    static let token = ["ID-3.1"]
}
