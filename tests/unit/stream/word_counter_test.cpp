#include "stream/word_counter.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

#include "sample_streams.hpp"

using namespace u65sim;
using namespace u65sim::stream;

TEST_CASE("Kernels are as many words long as encode() writes for them") {
    const Accelerator accelerator;
    const auto commands = decode(test::small_convolution(), accelerator);
    const auto first = std::get<KernelOp>(commands.at(2).action);
    KernelOp moved = first;
    moved.ofm.base[0] += 0x1000;
    KernelOp pool = moved;
    pool.kind = KernelKind::pool;
    pool.pool_mode = PoolMode::max;
    // What the pool does not write is still there.
    const std::vector<KernelOp> kernels{first, first, moved, pool, first};
    WordCounter counter(accelerator);
    std::vector<Action> actions;
    std::int32_t words = 0;
    for (const KernelOp& kernel : kernels) {
        actions.emplace_back(kernel);
        words += counter.add(kernel);
        CHECK(encode(actions, accelerator).size() == static_cast<std::size_t>(words));
    }
    CHECK(WordCounter(accelerator).add(first) > 60);
}

TEST_CASE("A kernel that stands as the one before is one word, and an address two more") {
    const Accelerator accelerator;
    const auto commands = decode(test::small_convolution(), accelerator);
    auto kernel = std::get<KernelOp>(commands.at(2).action);
    WordCounter counter(accelerator);
    counter.add(kernel);
    CHECK(counter.add(kernel) == 1);
    kernel.ifm.base[0] += 0x1000;
    CHECK(counter.add(kernel) == 3);
}
