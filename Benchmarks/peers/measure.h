// What every peer's client shares: the clock, the window of measurement and the one line that it prints.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

inline int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Counts the round trips that end between the warm-up and the end. Not thread-safe: callers hold a lock or have one thread.
class Measurement {
public:
    Measurement(double warmup, double seconds)
        : begin_(now_ns() + int64_t(warmup * 1e9)), end_(begin_ + int64_t(seconds * 1e9)) {
        latencies_.reserve(4'000'000);
    }
    // Whether another round trip should be started.
    bool record(int64_t started) {
        int64_t now = now_ns();
        if (now >= begin_ && now < end_) latencies_.push_back(uint32_t(std::min<int64_t>((now - started) / 100, UINT32_MAX)));
        return now < end_;
    }
    void print(size_t size) {
        if (latencies_.empty()) {
            std::fprintf(stderr, "no round trip finished\n");
            std::exit(1);
        }
        std::sort(latencies_.begin(), latencies_.end());
        double seconds = double(end_ - begin_) / 1e9;
        auto at = [&](double q) { return double(latencies_[size_t(q * double(latencies_.size() - 1))]) / 10; };
        std::printf("{\"rate\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"bytes_per_s\": %.0f}\n", double(latencies_.size()) / seconds,
                    at(0.5), at(0.99), double(latencies_.size()) * double(size) / seconds);
    }

private:
    int64_t begin_, end_;
    std::vector<uint32_t> latencies_;  // tenths of a microsecond
};
