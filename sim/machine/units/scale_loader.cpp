#include "machine/units/scale_loader.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace u65sim::machine {

namespace {

constexpr std::int64_t record_bytes = 10;  ///< bias, multiplier and shift of a channel

}  // namespace

/// What a block's share of each core's records costs to read.
timing::Access ScaleLoader::records_of(const KernelRun& run, const timing::Box& block) const {
    const int cores = ports_.hardware.target.accelerator.cores;
    const timing::BusShape& bus = ports_.memory.of_region(run.op->scale_region).rules().weight_bus;
    timing::Access all;
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
        all += timing::run_access(range.base + static_cast<std::uint64_t>(from), to - from, bus);
    }
    return all;
}

/// Requests the records of the next block.
void ScaleLoader::request(const KernelRun& run, Time now) {
    const int nz = run.traversal.blocks_z();
    const timing::Box block = run.traversal.block(0, 0, static_cast<int>(block_ % nz));
    const int port = ports_.memory.index(run.op->scale_region);
    Transfer& transfer = ports_.buffer.add(kernel_).transfer;
    transfer.owner = UnitId::scale_loader;
    transfer.operation = run.operation;
    transfer.access = records_of(run, block);
    count(ports_.probe.traffic(run.operation, port), Channel::scales, transfer.access);
    ++block_;
    ports_.memory.at(port).submit(Channel::scales, transfer, now);
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
