import CSodium

/// libsodium's primitives over spans. The one file of this module that touches the library.
///
/// Lengths are checked here, so that no caller can make the C side read or write past its buffers.
package enum Sodium {
    /// Runs the library's CPU detection, once. Everything that depends on it comes through here.
    private static let isReady = sodium_init() >= 0

    /// Whether AES-256-GCM runs in hardware here; libsodium has no other.
    package static let hasAES = isReady && crypto_aead_aes256gcm_is_available() == 1

    static func random(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress, isReady else { return }
        randombytes_buf(base, buffer.count)  // SEC-4.3
    }

    static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress else { return }
        sodium_memzero(base, buffer.count)
    }

    /// Compares in time that depends on the length only.
    package static func equal(_ a: RawSpan, _ b: RawSpan) -> Bool {
        guard a.byteCount == b.byteCount else { return false }
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                guard let first = a.baseAddress, let second = b.baseAddress else { return true }
                return sodium_memcmp(first, second, a.count) == 0  // HS-4.2
            }
        }
    }
}

// MARK: - Curves

extension Sodium {
    /// The public key of an X25519 secret of 32 bytes.
    package static func x25519PublicKey(of secret: SecretBytes) throws(WireError) -> StaticKey {
        guard secret.count == crypto_scalarmult_curve25519_SCALARBYTES else { throw .authentication }
        return bytes32 { out in
            secret.withBytes { secret in
                secret.withUnsafeBytes { _ = crypto_scalarmult_curve25519_base(out, $0.bound) }
            }
        }
    }

    /// X25519. A point of small order, whose result anybody could know, is refused.
    package static func x25519(_ secret: SecretBytes, _ point: StaticKey) throws(WireError) -> SecretBytes {
        guard secret.count == crypto_scalarmult_curve25519_SCALARBYTES else { throw .authentication }
        let point = point.bytes
        var status: CInt = -1
        let shared = SecretBytes(count: Int(crypto_scalarmult_curve25519_BYTES)) { out in
            secret.withBytes { secret in
                secret.withUnsafeBytes { status = crypto_scalarmult_curve25519(out.bound, $0.bound, point) }
            }
        }
        guard status == 0 else { throw .authentication }  // HS-3.3
        return shared
    }

    /// The 64-byte signing key (seed, public key) of an Ed25519 seed of 32 bytes, and the public key.
    package static func ed25519Keys(seed: SecretBytes) throws(WireError) -> (SecretBytes, IdentityKey) {
        guard seed.count == crypto_sign_ed25519_SEEDBYTES else { throw .authentication }
        var publicKey = Bytes32()
        let secret = SecretBytes(count: Int(crypto_sign_ed25519_SECRETKEYBYTES)) { out in
            publicKey = bytes32 { publicKey in
                seed.withBytes { seed in
                    seed.withUnsafeBytes { _ = crypto_sign_ed25519_seed_keypair(publicKey, out.bound, $0.bound) }
                }
            }
        }
        return (secret, publicKey)
    }

    /// The 64-byte Ed25519 signature of `message`. `secret` is the 64 bytes that `ed25519Keys` gave.
    package static func ed25519Sign(_ message: [UInt8], secret: SecretBytes) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(crypto_sign_ed25519_BYTES)) { out, initialized in
            let place = UnsafeMutableRawBufferPointer(out).bound
            secret.withBytes { secret in
                secret.withUnsafeBytes {
                    _ = crypto_sign_ed25519_detached(place, nil, message, UInt64(message.count), $0.bound)
                }
            }
            initialized = out.count
        }
    }

    /// Whether `signature` is `key`'s over `message`.
    package static func ed25519Verify(_ signature: [UInt8], of message: [UInt8], by key: IdentityKey) -> Bool {
        guard signature.count == crypto_sign_ed25519_BYTES else { return false }
        return crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), key.bytes) == 0
    }

    /// Thirty-two public bytes that `body` writes.
    private static func bytes32(_ body: (UnsafeMutablePointer<UInt8>) -> Void) -> Bytes32 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            buffer.initialize(repeating: 0)
            if let base = buffer.baseAddress { body(base) }
            return Bytes32(buffer) ?? Bytes32()
        }
    }
}

extension SecretBytes {
    /// Lends the bytes as the C functions want them.
    func withPointer<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R { withBytes { bytes in bytes.withUnsafeBytes { body($0.bound) } } }
}

extension UnsafeRawBufferPointer {
    /// As the C functions want it: an address even where there are no bytes.
    var bound: UnsafePointer<UInt8> { (baseAddress ?? UnsafeRawPointer(nowhere)).assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    var bound: UnsafeMutablePointer<UInt8> { (baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self) }
}

/// Where empty buffers point to. Nothing is read or written there.
nonisolated(unsafe) private let nowhere = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)

// MARK: - Hashes

/// SHA-256, piece by piece.
package struct SHA256: ~Copyable {
    private var state = crypto_hash_sha256_state()

    package init() { crypto_hash_sha256_init(&state) }

    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { _ = crypto_hash_sha256_update(&state, $0.bound, UInt64($0.count)) }
    }

    package consuming func finish() -> Bytes32 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(crypto_hash_sha256_BYTES)) { out in
            out.initialize(repeating: 0)
            crypto_hash_sha256_final(&state, UnsafeMutableRawBufferPointer(out).bound)
            return Bytes32(out) ?? Bytes32()
        }
    }

    /// The hash of some pieces, one after the other.
    package static func hash(_ pieces: [UInt8]...) -> Bytes32 {
        var hash = SHA256()
        for piece in pieces { hash.update(piece.span.bytes) }
        return hash.finish()
    }
}

/// HMAC-SHA256, piece by piece, with a key of any length.
package struct HMAC: ~Copyable {
    private var state = crypto_auth_hmacsha256_state()

    package init(key: RawSpan) {
        key.withUnsafeBytes { _ = crypto_auth_hmacsha256_init(&state, $0.bound, $0.count) }
    }

    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { _ = crypto_auth_hmacsha256_update(&state, $0.bound, UInt64($0.count)) }
    }

    package consuming func finish() -> SecretBytes {
        let mac = SecretBytes(count: Int(crypto_auth_hmacsha256_BYTES)) { crypto_auth_hmacsha256_final(&state, $0.bound) }
        withUnsafeMutableBytes(of: &state) { Sodium.wipe($0) }
        return mac
    }
}

// MARK: - AEAD

/// libsodium's AEADs. What it keeps is the key, for AES-256-GCM with its schedule before it.
enum SodiumAEAD: AEADProvider {
    static let keyLength = 32

    static func make(_ suite: Suite, key: UnsafePointer<UInt8>) -> UnsafeMutableRawPointer? {
        let state = UnsafeMutableRawPointer.allocate(byteCount: size(suite), alignment: 16)
        state.advanced(by: size(suite) - keyLength).copyMemory(from: key, byteCount: keyLength)
        if suite == .aesGCM { _ = crypto_aead_aes256gcm_beforenm(schedule(state), key) }
        return state
    }

    static func free(_ state: UnsafeMutableRawPointer, _ suite: Suite) {
        Sodium.wipe(UnsafeMutableRawBufferPointer(start: state, count: size(suite)))
        state.deallocate()
    }

    /// The bytes of the key.
    static func key(_ state: UnsafeMutableRawPointer, _ suite: Suite) -> UnsafePointer<UInt8> {
        UnsafePointer(state.advanced(by: size(suite) - keyLength).assumingMemoryBound(to: UInt8.self))
    }

    private static func size(_ suite: Suite) -> Int {
        keyLength + (suite == .aesGCM ? MemoryLayout<crypto_aead_aes256gcm_state>.size : 0)
    }

    private static func schedule(_ state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<crypto_aead_aes256gcm_state> {
        state.assumingMemoryBound(to: crypto_aead_aes256gcm_state.self)
    }

    static func seal(
        _ state: UnsafeMutableRawPointer, _ suite: Suite, _ text: UnsafeMutablePointer<UInt8>, _ count: Int,
        nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
    ) -> Bool {
        let status =
            switch suite {
            case .chaChaPoly:
                crypto_aead_chacha20poly1305_ietf_encrypt_detached(
                    text, text + count, nil, text, UInt64(count), data.bound, UInt64(data.count), nil, nonce, key(state, suite))
            case .aesGCM:
                crypto_aead_aes256gcm_encrypt_detached_afternm(
                    text, text + count, nil, text, UInt64(count), data.bound, UInt64(data.count), nil, nonce, schedule(state))
            }
        return status == 0
    }

    static func open(
        _ state: UnsafeMutableRawPointer, _ suite: Suite, _ sealed: UnsafePointer<UInt8>, to text: UnsafeMutablePointer<UInt8>,
        _ count: Int, nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
    ) -> Bool {
        let tag = sealed + count
        let status =
            switch suite {
            case .chaChaPoly:
                crypto_aead_chacha20poly1305_ietf_decrypt_detached(
                    text, nil, sealed, UInt64(count), tag, data.bound, UInt64(data.count), nonce, key(state, suite))
            case .aesGCM:
                crypto_aead_aes256gcm_decrypt_detached_afternm(
                    text, nil, sealed, UInt64(count), tag, data.bound, UInt64(data.count), nonce, schedule(state))
            }
        return status == 0
    }
}
