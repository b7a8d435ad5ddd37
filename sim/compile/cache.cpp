#include "compile/cache.hpp"

#include <fmt/format.h>
#include <u65sim/error.hpp>

namespace u65sim {

namespace {

/// What each kind may take of a cache's memory, in 64ths: mostly what is dear to work out again.
constexpr std::int64_t encoded_share = 24, size_share = 4, rate_share = 2, block_share = 2,
                       kernel_share = 32;
static_assert(encoded_share + size_share + rate_share + block_share + kernel_share == 64);

std::int64_t checked(Bytes memory) {
    if (memory < Bytes{0}) {
        throw InvalidConfig(
            fmt::format("memory of a cache = {} B: must not be negative", memory.count()));
    }
    return memory.count();
}

}  // namespace

CompileCache::State::State(std::int64_t memory)
    : weights{{memory / 64 * encoded_share, memory / 64 * size_share, memory / 64 * rate_share}},
      blocks{memory / 64 * block_share},
      estimators{memory / 64 * kernel_share} {}

CompileCache::CompileCache(Bytes memory) : state_{std::make_shared<State>(checked(memory))} {}

}  // namespace u65sim
