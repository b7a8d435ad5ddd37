#include "machine/units/scale_loader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

namespace {

constexpr std::int64_t record_bytes = 10;  ///< bias, multiplier and shift of a channel

}  // namespace

void ScaleLoader::reset() {
    requests_.clear();
    kernel_ = block_ = requested_ = arrived_ = used_ = 0;
}

void ScaleLoader::use_next(Time now) {
    ++used_;
    npu_->scheduler->wake(UnitId::scale_loader, now);
}

bool ScaleLoader::all_arrived(std::int64_t kernel) const {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        if (requests_[i].kernel == kernel) return false;
    }
    return kernel < kernel_ || (kernel == kernel_ && block_ > 0) ||
           !npu_->kernel_run(kernel).uses_scales;
}

Time ScaleLoader::act(Time now) {
    while (!requests_.empty() && requests_.front().transfer.done <= now) {
        ++arrived_;
        npu_->scheduler->wake(UnitId::weight_loader, now);
        requests_.pop();
        if (npu_->output_unit.wants_scales()) npu_->scheduler->wake(UnitId::output_unit, now);
    }
    while (kernel_ < npu_->kernels_issued) {
        const KernelRun& run = npu_->kernel_run(kernel_);
        if (!run.uses_scales || block_ == run.blocks) {
            ++kernel_;
            block_ = 0;
            continue;
        }
        if (!npu_->ifm_loader.has_begun(kernel_)) break;
        if (requested_ - used_ >= blocks_ahead) break;
        // The block's share of each core's records.
        const int nz = run.traversal.blocks_z();
        const timing::Box box = run.traversal.block(0, 0, static_cast<int>(block_ % nz));
        AxiPort& port = npu_->port_of_region(run.op->scale_region);
        Request& request = requests_.push();
        request.kernel = kernel_;
        request.transfer.owner = UnitId::scale_loader;
        request.transfer.operation = run.operation;
        const int cores = npu_->target.accelerator.cores;
        const timing::BusShape& bus = port.rules().weight_bus;
        for (int core = 0; core < cores; ++core) {
            // Core k holds channels k, k + cores, ...
            const stream::ByteRange& range = run.op->scales[static_cast<std::size_t>(core)];
            const auto records_before = [&](int channel) {
                return ceil_div(channel - core, cores) * record_bytes;
            };
            // Whole 16-byte units are read (exact against public beat counts).
            const std::int64_t from = records_before(box.z) / 16 * 16;
            const std::int64_t to = std::min<std::int64_t>(
                round_up(records_before(box.z + box.depth), 16), range.length);
            request.transfer.access +=
                timing::run_access(range.base + static_cast<std::uint64_t>(from), to - from, bus);
        }
        npu_->count(run.operation, npu_->port_index(run.op->scale_region), Channel::scales,
                    request.transfer.access);
        ++requested_;
        ++block_;
        port.submit(Channel::scales, request.transfer, now);
    }
    npu_->observer.set(Flag::scales_in_flight, !requests_.empty(), now);
    return requests_.empty() ? never : requests_.front().transfer.done;
}

std::string ScaleLoader::describe() const {
    return fmt::format("scale_loader has records of {} blocks requested, {} arrived, {} used",
                       requested_, arrived_, used_);
}

template <class State>
void ScaleLoader::pass(State& state) {
    state.ring(requests_, [&](Request& request) {
        state.transfer(request.transfer);
        state.kernel(request.kernel);
    });
    state.kernel(kernel_);
    state.number(block_);
    // Only their distances matter.
    std::int64_t unused = requested_ - used_;
    std::int64_t on_its_way = requested_ - arrived_;
    state.number(unused);
    state.number(on_its_way);
    used_ = requested_ - unused;
    arrived_ = requested_ - on_its_way;
}

template void ScaleLoader::pass(StateWriter&);
template void ScaleLoader::pass(StateReader&);

}  // namespace u65sim::machine
