/// Noise's HKDF (RFC 5869 with empty info): three outputs of 32 bytes. A caller that needs two takes the first two.
package func hkdf(_ chainingKey: SecretBytes, _ material: RawSpan) -> (SecretBytes, SecretBytes, SecretBytes) {
    var extract = chainingKey.withBytes { HMAC(key: $0) }
    extract.update(material)
    let key = extract.finish()
    let first = expand(key, after: nil, 1)
    let second = expand(key, after: first, 2)
    return (first, second, expand(key, after: second, 3))
}

private func expand(_ key: SecretBytes, after previous: SecretBytes?, _ index: UInt8) -> SecretBytes {
    var mac = key.withBytes { HMAC(key: $0) }
    if let previous { previous.withBytes { mac.update($0) } }
    mac.update([index].span.bytes)
    return mac.finish()
}
