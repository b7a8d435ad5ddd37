#include "machine/units/scale_loader.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace u65sim::machine {

namespace {

constexpr std::int64_t record_bytes = 10;  ///< bias, multiplier and shift of a channel

}  // namespace

/// A block's share of each core's records.
ScaleLoader::Records ScaleLoader::records_of(const KernelRun& run, const timing::Box& block) const {
    const int cores = ports_.hardware.target.accelerator.cores;
    Records records;
    for (int core = 0; core < cores; ++core) {
        // Core k holds channels k, k + cores, ...
        const stream::ByteRange& range = run.op->scales[static_cast<std::size_t>(core)];
        const auto records_before = [&](int channel) {
            return ceil_div(channel - core, cores) * record_bytes;
        };
        // Whole 16-byte units are read (exact against public beat counts).
        const std::int64_t from = records_before(block.z) / 16 * 16;
        const std::int64_t to = std::min<std::int64_t>(
            round_up(records_before(block.z + block.depth), 16), range.length);
        if (to > from) {
            records[static_cast<std::size_t>(core)] = {
                range.base + static_cast<std::uint64_t>(from),
                static_cast<std::uint32_t>(to - from)};
        }
    }
    return records;
}

/// Requests the records of the next block.
void ScaleLoader::request(const KernelRun& run, Time now) {
    const int nz = run.traversal.blocks_z();
    const timing::Box block = run.traversal.block(0, 0, static_cast<int>(block_ % nz));
    const int port = ports_.memory.index(run.op->scale_region);
    Transfer& transfer = ports_.buffer.add(kernel_).transfer;
    transfer.owner = UnitId::scale_loader;
    transfer.operation = run.operation;
    RequestPort& from = ports_.memory.at(port);
    const Records records = records_of(run, block);
    for (const stream::ByteRange& range : records) {
        transfer.access += timing::run_access(range.base, range.length, from.rules().weight_bus);
    }
    count(ports_.probe.traffic(run.operation, port), Channel::scales, transfer.access);
    ++block_;
    from.submit(Channel::scales, transfer, now);
    if (from.wants_extents()) {
        from.describe(Channel::scales, transfer, {.region = run.op->scale_region, .runs = records});
    }
}

Time ScaleLoader::act(Time now) {
    ports_.buffer.receive(now);
    while (kernel_ < ports_.kernels.issued()) {
        const KernelRun& run = ports_.kernels.run(kernel_);
        if (!run.uses_scales || block_ == run.blocks) {
            ++kernel_;
            block_ = 0;
            continue;
        }
        if (!ports_.kernels.has_begun(kernel_) || ports_.buffer.full()) break;
        request(run, now);
    }
    ports_.buffer.set_begun(kernel_ + (block_ > 0 ? 1 : 0));
    ports_.probe.set(Flag::scales_in_flight, !ports_.buffer.empty(), now);
    return ports_.buffer.next_arrival();
}

std::string ScaleLoader::describe() const {
    const ScaleBuffer::Counts blocks = ports_.buffer.counts();
    return fmt::format("scale_loader has records of {} blocks requested, {} arrived, {} used",
                       blocks.requested, blocks.arrived, blocks.used);
}

}  // namespace u65sim::machine
