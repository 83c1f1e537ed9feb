// zmq-client PORT SERVERKEY SIZE OUTSTANDING WARMUP SECONDS: a DEALER with CURVE, OUTSTANDING messages in flight.
#include <zmq.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "measure.h"

static void check(int result) {
    if (result == -1) {
        std::fprintf(stderr, "%s\n", zmq_strerror(zmq_errno()));
        std::exit(1);
    }
}

// The time of sending stands in the message itself; the bytes that come back are sent again, so nothing is copied.
static void send(void* dealer, zmq_msg_t* message) {
    int64_t started = now_ns();
    std::memcpy(zmq_msg_data(message), &started, sizeof started);
    check(zmq_msg_send(message, dealer, 0));
}

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    size_t size = std::stoul(argv[3]);
    int outstanding = std::stoi(argv[4]);
    char publicKey[41], secretKey[41];
    check(zmq_curve_keypair(publicKey, secretKey));
    void* context = zmq_ctx_new();
    void* dealer = zmq_socket(context, ZMQ_DEALER);
    int unlimited = 0;
    check(zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, argv[2], 41));
    check(zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, publicKey, sizeof publicKey));
    check(zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secretKey, sizeof secretKey));
    check(zmq_setsockopt(dealer, ZMQ_SNDHWM, &unlimited, sizeof unlimited));
    check(zmq_setsockopt(dealer, ZMQ_RCVHWM, &unlimited, sizeof unlimited));
    check(zmq_connect(dealer, (std::string("tcp://127.0.0.1:") + argv[1]).c_str()));
    Measurement measurement(std::stod(argv[5]), std::stod(argv[6]));
    zmq_msg_t message;
    for (int i = 0; i < outstanding; i++) {
        check(zmq_msg_init_size(&message, size));
        std::memset(zmq_msg_data(&message), 'x', size);
        send(dealer, &message);
    }
    zmq_msg_init(&message);
    while (true) {
        check(zmq_msg_recv(&message, dealer, 0));
        int64_t started;
        if (zmq_msg_size(&message) != size) return 1;
        std::memcpy(&started, zmq_msg_data(&message), sizeof started);
        if (!measurement.record(started)) break;
        send(dealer, &message);
    }
    measurement.print(size);
    std::fflush(stdout);
    std::_Exit(0);
}
