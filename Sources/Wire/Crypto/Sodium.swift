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

extension UnsafeRawBufferPointer {
    /// As the C functions want it: an address even where there are no bytes.
    fileprivate var bound: UnsafePointer<UInt8> { (baseAddress ?? UnsafeRawPointer(nowhere)).assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bound: UnsafeMutablePointer<UInt8> { (baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self) }
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

/// One AEAD key with its schedule computed once. Wiped at the end of its life.
package struct AEADKey: ~Copyable, @unchecked Sendable {
    let suite: Suite
    /// ChaCha20-Poly1305: the key. AES-256-GCM: libsodium's expanded state, which wants 16-byte alignment.
    private let memory: UnsafeMutableRawBufferPointer

    /// `badPreface` for a suite that this machine cannot run.
    package init(_ suite: Suite, key: SecretBytes) throws(WireError) {
        guard key.count == 32, suite.isAvailable else { throw .badPreface }
        self.suite = suite
        let size = suite == .aesGCM ? MemoryLayout<crypto_aead_aes256gcm_state>.size : 32
        memory = .allocate(byteCount: size, alignment: 16)
        key.withBytes { key in
            key.withUnsafeBytes { key in
                switch suite {
                case .chaChaPoly: memory.copyMemory(from: key)
                case .aesGCM: _ = crypto_aead_aes256gcm_beforenm(schedule, key.bound)
                }
            }
        }
    }

    deinit {
        Sodium.wipe(memory)
        memory.deallocate()
    }

    private var schedule: UnsafeMutablePointer<crypto_aead_aes256gcm_state> {
        (memory.baseAddress ?? nowhere).assumingMemoryBound(to: crypto_aead_aes256gcm_state.self)
    }

    /// Encrypts all but the last 16 bytes in place and writes the tag into those.
    package func seal(_ bytes: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Limits.tag else { throw .truncated }
        bytes.withUnsafeMutableBytes { bytes in
            let text = bytes.bound
            let count = bytes.count - Limits.tag
            _ = associatedData.withUnsafeBytes { data in
                withNonce(nonce) { nonce in
                    switch suite {
                    case .chaChaPoly:
                        crypto_aead_chacha20poly1305_ietf_encrypt_detached(
                            text, text + count, nil, text, UInt64(count), data.bound, UInt64(data.count), nil, nonce, memory.bound)
                    case .aesGCM:
                        crypto_aead_aes256gcm_encrypt_detached_afternm(
                            text, text + count, nil, text, UInt64(count), data.bound, UInt64(data.count), nil, nonce, schedule)
                    }
                }
            }
        }
    }

    /// Checks the tag in the last 16 bytes and decrypts those before it in place; `authentication` where it is wrong.
    package func open(_ bytes: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Limits.tag else { throw .truncated }
        let isGenuine = bytes.withUnsafeMutableBytes { bytes in
            open(UnsafeRawBufferPointer(bytes), to: bytes.bound, nonce: nonce, associatedData)
        }
        guard isGenuine else { throw .authentication }
    }

    /// The same from `sealed` to the first bytes of `plaintext`, 16 less.
    package func open(
        _ sealed: RawSpan, into plaintext: inout MutableRawSpan, nonce: UInt64, associatedData: RawSpan
    ) throws(WireError) {
        guard sealed.byteCount >= Limits.tag, plaintext.byteCount >= sealed.byteCount - Limits.tag else { throw .truncated }
        let isGenuine = plaintext.withUnsafeMutableBytes { plaintext in
            sealed.withUnsafeBytes { open($0, to: plaintext.bound, nonce: nonce, associatedData) }
        }
        guard isGenuine else { throw .authentication }
    }

    private func open(
        _ sealed: UnsafeRawBufferPointer, to text: UnsafeMutablePointer<UInt8>, nonce: UInt64, _ associatedData: RawSpan
    ) -> Bool {
        let count = sealed.count - Limits.tag
        let tag = sealed.bound + count
        let status: CInt = associatedData.withUnsafeBytes { data in
            withNonce(nonce) { nonce in
                switch suite {
                case .chaChaPoly:
                    crypto_aead_chacha20poly1305_ietf_decrypt_detached(
                        text, nil, sealed.bound, UInt64(count), tag, data.bound, UInt64(data.count), nonce, memory.bound)
                case .aesGCM:
                    crypto_aead_aes256gcm_decrypt_detached_afternm(
                        text, nil, sealed.bound, UInt64(count), tag, data.bound, UInt64(data.count), nonce, schedule)
                }
            }
        }
        return status == 0
    }

    /// Noise's nonce: 32 zero bits, then the counter, little-endian for ChaChaPoly and big-endian for AESGCM.
    private func withNonce<R>(_ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: 12, alignment: 4) { nonce in
            nonce.storeBytes(of: 0, as: UInt32.self)
            nonce.storeBytes(of: suite == .aesGCM ? counter.bigEndian : counter.littleEndian, toByteOffset: 4, as: UInt64.self)
            return body(UnsafePointer(nonce.bound))
        }
    }
}
