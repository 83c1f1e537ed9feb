// Field shapes that several messages share: names, flags, optional texts, endpoints.

extension RawSpan {
    /// A name (`Name`).
    package func name(_ field: TLVField) throws(WireError) -> String {
        let name = try text(field, limit: Limits.name)
        guard Name.isValid(name) else { throw .badValue(field.type) }  // CONV-4.9
        return name
    }

    /// One byte, 0 or 1.
    package func flag(_ field: TLVField) throws(WireError) -> Bool {
        switch try integer(UInt8.self, field) {
        case 0: return false
        case 1: return true
        default: throw .badValue(field.type)  // CONV-4.4
        }
    }

    /// One endpoint in its canonical text.
    package func endpoint(_ field: TLVField) throws(WireError) -> Endpoint {
        let text = try text(field, limit: Limits.endpoint)
        guard let endpoint = Endpoint(text), endpoint.description == text else { throw .badValue(field.type) }  // CONV-4.10
        return endpoint
    }

    /// A list of 1 to `Limits.endpoints` endpoints; an empty list is left out instead.
    func endpoints(_ field: TLVField) throws(WireError) -> [Endpoint] {
        var list = try nonEmptyList(field, limit: Limits.endpoints)
        var endpoints: [Endpoint] = []
        while let range = try list.next(in: self) { endpoints.append(try endpoint(TLVField(type: field.type, range: range))) }
        return endpoints
    }

    /// A list of at least one element: an empty one has a shorter form, which is not to be there.
    package func nonEmptyList(_ field: TLVField, limit: Int) throws(WireError) -> TLVList {
        guard !field.range.isEmpty else { throw .notMinimal }  // CONV-4.8
        return TLVList(field, limit: limit)
    }

    /// Decodes a nested message.
    func nested<M: WireMessage>(_: M.Type, _ range: Range<Int>) throws(WireError) -> M {
        try M(decoding: extracting(range))
    }
}

extension TLVWriter {
    mutating func put(_ type: UInt16, flag: Bool) { put(type, UInt8(flag ? 1 : 0)) }

    /// Leaves out `nil`.
    mutating func put(_ type: UInt16, optional value: String?) {
        if let value { put(type, value) }
    }

    /// Leaves out an empty list.
    mutating func put(_ type: UInt16, endpoints: [Endpoint]) {
        if !endpoints.isEmpty { put(type, list: endpoints.map { [UInt8]($0.description.utf8) }) }  // CONV-4.7
    }
}

/// Refuses a name that no reader would take.
func checkName(_ type: UInt16, _ name: String) throws(WireError) {
    guard Name.isValid(name) else { throw .badValue(type) }
}

/// Refuses a text that no reader would take.
func checkText(_ type: UInt16, _ text: String?, limit: Int) throws(WireError) {
    guard (text?.utf8.count ?? 0) <= limit else { throw .badLength(type) }
}

/// Refuses a list that no reader would take.
func checkCount(_ count: Int, limit: Int) throws(WireError) {
    guard count <= limit else { throw .oversized }
}

/// Refuses endpoints that no reader would take: a host with a space, a text over its limit.
func checkEndpoints(_ type: UInt16, _ endpoints: [Endpoint]) throws(WireError) {
    try checkCount(endpoints.count, limit: Limits.endpoints)
    for endpoint in endpoints {
        guard Endpoint(endpoint.description) == endpoint else { throw .badValue(type) }
    }
}

/// The value of a field that must be there.
func required<T>(_ type: UInt16, _ value: T?) throws(WireError) -> T {
    guard let value else { throw .missing(type) }  // CONV-3.6
    return value
}
