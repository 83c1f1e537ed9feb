// grpc-server CERT KEY: unary echo over TLS with the callback API. Prints "listening PORT".
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <sstream>

#include "echo.grpc.pb.h"

class Echo final : public bench::Echo::CallbackService {
    grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context, const bench::Payload* request, bench::Payload* reply) override {
        // The request is not read again: its bytes are moved, not copied.
        reply->mutable_body()->swap(*const_cast<bench::Payload*>(request)->mutable_body());
        auto* reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }
};

static std::string contents(const char* path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    Echo service;
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({contents(argv[2]), contents(argv[1])});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
    builder.RegisterService(&service);
    builder.SetMaxReceiveMessageSize(-1);
    builder.SetMaxSendMessageSize(-1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 8 << 20);
    auto server = builder.BuildAndStart();
    if (!server) return 1;
    std::printf("listening %d\n", port);
    std::fflush(stdout);
    server->Wait();
}
