import FuzzKit

@main struct Main {
    static func main() {
        Fuzzer.run([.tlv, .certificate, .token, .handshake, .head, .messages, .lz4, .link, .datagrams])
    }
}
