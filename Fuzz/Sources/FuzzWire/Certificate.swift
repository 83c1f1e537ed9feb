import FuzzKit
import Wire

extension FuzzTarget {
    static let certificate = FuzzTarget("Certificate", seeds: try FuzzSeeds.all()["Certificate"] ?? []) { input in
        let input = input.bytes
        if let certificate = try? Certificate(decoding: input) {
            precondition(certificate.encoded == input && Name.isValid(certificate.name))
            // Nobody but the authority makes one that verifies.
            let isGenuine = (try? certificate.verify(authority: FuzzMesh.authority.publicKey)) != nil
            precondition(!isGenuine || FuzzMesh.certificates.contains(certificate))
        }
        _ = try? NodeCredentials(decoding: input)
    }
}
