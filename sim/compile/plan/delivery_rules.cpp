#include "compile/plan/delivery_rules.hpp"

#include <algorithm>
#include <cstddef>

#include "target/memory_rate.hpp"

namespace u65sim::compiler {

std::int32_t free_position(std::span<const std::int64_t> started, std::int64_t dma_free,
                           std::int32_t first, std::int32_t last) {
    while (last > first && started[static_cast<std::size_t>(last)] > dma_free) --last;
    return last;
}

Ends ends_of_read(const CompileContext& context, const DirectRead& read, std::int64_t now,
                  std::int64_t dma_free) {
    const std::int64_t bytes =
        context.estimator->weight_reads(read.bytes, region_constants).count();
    // Where the operation waits for them, they have the port to its end, but for the time in which
    // its first scales and then its first weights are on their way.
    const Target& target = *context.target;
    const std::int64_t first = 2 * read_latency(target.off_chip, target.accelerator).count();
    const std::int64_t waits = read.direct > read.fast ? (read.direct - first) * read.stripes : 0;
    Ends ends;
    ends.dma_free = std::max(now, dma_free) + std::max(bytes, waits);
    ends.finish = now + read.fast + (read.direct - read.fast) * read.stripes;
    ends.finish = std::max(ends.finish, ends.dma_free);
    if (read.is_reread) ends.finish += tuning::reread_cycles;
    return ends;
}

}  // namespace u65sim::compiler
