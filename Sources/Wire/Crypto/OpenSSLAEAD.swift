#if OpenSSL
    import COpenSSL

    /// The AEADs of OpenSSL's libcrypto, through its EVP interface (EVP_EncryptInit(3)): two to three times as fast as libsodium's
    /// for records of some kilobytes, and slower for small ones, because each begins with a call that looks many things up.
    ///
    /// What it keeps is a cipher context, which serves both directions.
    enum OpenSSLAEAD: AEADProvider {
        static func make(_ suite: Suite, key: UnsafePointer<UInt8>) -> UnsafeMutableRawPointer? {
            let cipher =
                switch suite {
                case .chaChaPoly: EVP_chacha20_poly1305()
                case .aesGCM: EVP_aes_256_gcm()
                }
            guard let context = EVP_CIPHER_CTX_new() else { return nil }
            // A nonce of 12 bytes is the default of both.
            guard EVP_CipherInit_ex(context, cipher, nil, key, nil, 1) == 1 else {
                EVP_CIPHER_CTX_free(context)
                return nil
            }
            return UnsafeMutableRawPointer(context)
        }

        static func free(_ state: UnsafeMutableRawPointer, _ suite: Suite) { EVP_CIPHER_CTX_free(OpaquePointer(state)) }

        static func seal(
            _ state: UnsafeMutableRawPointer, _ suite: Suite, _ text: UnsafeMutablePointer<UInt8>, _ count: Int,
            nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
        ) -> Bool {
            let context = OpaquePointer(state)
            guard EVP_CipherInit_ex(context, nil, nil, nil, nonce, 1) == 1, run(context, text, text, count, data) else { return false }
            return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(Limits.tag), text + count) == 1
        }

        static func open(
            _ state: UnsafeMutableRawPointer, _ suite: Suite, _ sealed: UnsafePointer<UInt8>, to text: UnsafeMutablePointer<UInt8>,
            _ count: Int, nonce: UnsafePointer<UInt8>, data: UnsafeRawBufferPointer
        ) -> Bool {
            let context = OpaquePointer(state)
            let tag = UnsafeMutablePointer(mutating: sealed + count)  // SET_TAG only reads it
            guard EVP_CipherInit_ex(context, nil, nil, nil, nonce, 0) == 1,
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(Limits.tag), tag) == 1
            else { return false }
            return run(context, sealed, text, count, data)
        }

        /// The associated data, the bytes, and the end, which makes the tag or looks at it.
        private static func run(
            _ context: OpaquePointer, _ bytes: UnsafePointer<UInt8>, _ text: UnsafeMutablePointer<UInt8>, _ count: Int,
            _ data: UnsafeRawBufferPointer
        ) -> Bool {
            guard let length = CInt(exactly: count), let dataLength = CInt(exactly: data.count) else { return false }
            var done: CInt = 0
            if dataLength > 0, EVP_CipherUpdate(context, nil, &done, data.bound, dataLength) != 1 { return false }
            guard EVP_CipherUpdate(context, text, &done, bytes, length) == 1 else { return false }
            return EVP_CipherFinal_ex(context, text + count, &done) == 1
        }
    }
#endif
