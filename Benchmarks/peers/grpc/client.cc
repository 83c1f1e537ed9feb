// grpc-client CERT PORT SIZE OUTSTANDING WARMUP SECONDS: one channel, OUTSTANDING unary calls in flight, callback API.
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>

#include "echo.grpc.pb.h"
#include "measure.h"

struct Client {
    std::unique_ptr<bench::Echo::Stub> stub;
    Measurement measurement;
    std::mutex mutex;
    std::condition_variable idle;
    int running = 0;
};

// One place in the window: starts its next call from the callback of the last.
struct Slot {
    Client& client;
    size_t size;
    bench::Payload request, reply;
    std::optional<grpc::ClientContext> context;
    int64_t started = 0;

    Slot(Client& client, size_t size) : client(client), size(size) { request.set_body(std::string(size, 'x')); }

    void start() {
        context.emplace();
        started = now_ns();
        client.stub->async()->Call(&*context, &request, &reply, [this](grpc::Status status) { done(status); });
    }
    void done(const grpc::Status& status) {
        if (!status.ok() || reply.body().size() != size) {
            std::fprintf(stderr, "call failed: %s\n", status.error_message().c_str());
            std::_Exit(1);
        }
        bool more;
        {
            std::lock_guard lock(client.mutex);
            more = client.measurement.record(started);
            if (!more && --client.running == 0) client.idle.notify_all();
        }
        if (more) start();
    }
};

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    std::ifstream file(argv[1]);
    std::stringstream roots;
    roots << file.rdbuf();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = roots.str();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 8 << 20);
    auto channel = grpc::CreateCustomChannel(std::string("127.0.0.1:") + argv[2], grpc::SslCredentials(options), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5))) {
        std::fprintf(stderr, "no connection\n");
        return 1;
    }
    size_t size = std::stoul(argv[3]);
    Client client{bench::Echo::NewStub(channel), Measurement(std::stod(argv[5]), std::stod(argv[6])), {}, {}, std::stoi(argv[4])};
    std::vector<std::unique_ptr<Slot>> slots;
    for (int i = client.running; i > 0; i--) slots.push_back(std::make_unique<Slot>(client, size));
    for (auto& slot : slots) slot->start();
    std::unique_lock lock(client.mutex);
    client.idle.wait(lock, [&] { return client.running == 0; });
    client.measurement.print(size);
    std::fflush(stdout);
    std::_Exit(0);
}
