// Small streams for tests of the machine's time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "machine/direct/event_queue.hpp"
#include "stream/operation.hpp"
#include "unit/timing/kernels.hpp"

namespace timing_test {

using stream::Action;
using stream::Command;
using stream::DmaOp;

inline DmaOp to_sram(std::uint64_t bytes) {
    DmaOp op;
    op.source.region = 0;
    op.destination.region = 2;
    op.destination.address = 131072;
    op.length = bytes;
    return op;
}

inline std::vector<Command> commands(std::vector<Action> actions) {
    std::vector<Command> result;
    std::uint32_t words = 0;
    for (Action& action : actions) {
        words += 40;
        result.push_back({words - 1, 40, std::move(action)});
    }
    return result;
}

inline std::vector<Command> typical() {
    return commands({to_sram(20000), stream::DmaWait{0}, convolution(3, 0), to_sram(8000),
                     convolution(1, 2), addition(), stream::KernelWait{1}, to_sram(4000),
                     convolution(5, 1), stream::Stop{}});
}

inline Simulation run(const std::vector<Command>& stream, const Target& where,
                      const SimulateOptions& options = {}) {
    return machine::run_on_event_queue(stream, 40 * static_cast<std::int64_t>(stream.size()), where,
                                       options);
}

}  // namespace timing_test
