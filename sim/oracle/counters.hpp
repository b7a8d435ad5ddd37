// What an oracle counts and measures.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include <u65sim/oracle.hpp>

#include "compile/cache_counters.hpp"

namespace u65sim::oracle {

/// Stages of a query.
enum class Stage : std::uint8_t { read, hash, compile, simulate, report };
inline constexpr std::size_t stage_count = static_cast<std::size_t>(Stage::report) + 1;

/// Safe from any thread.
struct Counters {
    std::atomic<std::uint64_t> queries{0}, hits{0}, misses{0}, errors{0}, unchanged_files{0};
    std::array<std::atomic<std::int64_t>, stage_count> nanoseconds{};
    compiler::CacheCounters cache;

    [[nodiscard]] double seconds(Stage stage) const {
        return 1e-9 * static_cast<double>(nanoseconds[static_cast<std::size_t>(stage)].load());
    }
};

/// Adds the time of its life to a stage.
class Stopwatch {
public:
    Stopwatch(Counters& counters, Stage stage)
        : sum_{&counters.nanoseconds[static_cast<std::size_t>(stage)]} {}
    ~Stopwatch() {
        *sum_ += std::chrono::duration_cast<std::chrono::nanoseconds>(
                     std::chrono::steady_clock::now() - start_)
                     .count();
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    std::atomic<std::int64_t>* sum_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace u65sim::oracle
