// zmq-server: a ROUTER with CURVE that echoes. Prints "listening PORT PUBLICKEY".
#include <zmq.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

static void check(int result) {
    if (result == -1) {
        std::fprintf(stderr, "%s\n", zmq_strerror(zmq_errno()));
        std::exit(1);
    }
}

int main() {
    char publicKey[41], secretKey[41];
    check(zmq_curve_keypair(publicKey, secretKey));
    void* context = zmq_ctx_new();
    void* router = zmq_socket(context, ZMQ_ROUTER);
    int on = 1, unlimited = 0;
    check(zmq_setsockopt(router, ZMQ_CURVE_SERVER, &on, sizeof on));
    check(zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, secretKey, sizeof secretKey));
    check(zmq_setsockopt(router, ZMQ_SNDHWM, &unlimited, sizeof unlimited));
    check(zmq_setsockopt(router, ZMQ_RCVHWM, &unlimited, sizeof unlimited));
    check(zmq_bind(router, "tcp://127.0.0.1:*"));
    char endpoint[128];
    size_t length = sizeof endpoint;
    check(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &length));
    std::printf("listening %s %s\n", std::strrchr(endpoint, ':') + 1, publicKey);
    std::fflush(stdout);
    zmq_msg_t peer, body;
    zmq_msg_init(&peer);
    zmq_msg_init(&body);
    while (true) {
        check(zmq_msg_recv(&peer, router, 0));
        check(zmq_msg_recv(&body, router, 0));
        // Sending takes the message over: nothing is copied.
        check(zmq_msg_send(&peer, router, ZMQ_SNDMORE));
        check(zmq_msg_send(&body, router, 0));
    }
}
