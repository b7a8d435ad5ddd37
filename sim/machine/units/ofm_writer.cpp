#include "machine/units/ofm_writer.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace u65sim::machine {

/// When a chunk is done with; never: not known yet.
inline Time OfmWriter::completion(const OfmStaging::Chunk& chunk) const {
    if (chunk.transfer.done == never) return never;
    const Time delay =
        chunk.last ? ports_.hardware.target.timing.block_completion.count() : Time{0};
    return chunk.transfer.done + delay;
}

Time OfmWriter::act(Time now) {
    OfmStaging& staging = ports_.staging;
    if (staging.take_accepted(now)) staging.offer_bank(now);
    while (staging.accepted() > 0 && completion(staging[0]) <= now) {
        const OfmStaging::Chunk& chunk = staging[0];
        if (chunk.last) ports_.kernels.block_done(chunk.kernel, now);
        if (staging.full()) staging.offer_bank(now);
        staging.pop();
    }
    ports_.probe.set(Flag::write_in_flight, !staging.empty(), now);
    return next_act();
}

Time OfmWriter::next_act() const {
    const OfmStaging& staging = ports_.staging;
    Time next = never;
    if (staging.accepted() > 0) next = completion(staging[0]);
    Time left = 0;  // they leave in order, whichever port each takes
    for (std::size_t i = staging.accepted(); i < staging.size(); ++i) {
        const Transfer& transfer = staging[i].transfer;
        left = std::max(left, transfer.accepted);
        next = std::min(next, transfer.awaits_answer ? std::max(left, transfer.done) : left);
    }
    return next;
}

std::string OfmWriter::describe() const {
    const OfmStaging& staging = ports_.staging;
    return fmt::format("ofm_writer has {} chunks in flight, {} not yet accepted", staging.size(),
                       staging.size() - staging.accepted());
}

}  // namespace u65sim::machine
