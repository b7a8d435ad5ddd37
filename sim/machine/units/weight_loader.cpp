#include "machine/units/weight_loader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"

namespace u65sim::machine {

void WeightLoader::reset() {
    requests_.clear();
    sequence_ = kernel_ = position_ = offset_ = requested_ = arrived_ = consumed_ = 0;
}

void WeightLoader::kernel_issued(std::int64_t kernel) {
    KernelRun& run = npu_->kernel_run(kernel);
    run.weight_base = sequence_;
    if (!run.op->has_weights()) return;
    run.weight_pass =
        std::int64_t{run.op->weights[0].length} + std::int64_t{run.op->weights[1].length};
    sequence_ += run.weight_pass * run.traversal.blocks_y() * run.traversal.blocks_x();
}

void WeightLoader::consume_to(std::int64_t position, Time now) {
    consumed_ = position;
    npu_->scheduler->wake(UnitId::weight_loader, now);
}

Time WeightLoader::act(Time now) {
    while (!requests_.empty() && requests_.front().transfer.done <= now) {
        arrived_ = requests_.front().end;
        requests_.pop();
        if (npu_->mac_array.wants_weights()) npu_->scheduler->wake(UnitId::mac_array, now);
    }
    const int cores = npu_->target.accelerator.cores;
    const std::int64_t buffer = npu_->target.timing.weight_buffer.count() * cores;
    while (kernel_ < npu_->kernels_issued && !requests_.full()) {
        const KernelRun& run = npu_->kernel_run(kernel_);
        const std::int64_t positions =
            std::int64_t{run.traversal.blocks_y()} * run.traversal.blocks_x();
        if (run.weight_pass == 0 || position_ == positions) {
            ++kernel_;
            position_ = offset_ = 0;
            continue;
        }
        // Cores' ranges are read one behind the other, each at its own address.
        const std::int64_t first = run.op->weights[0].length;
        const bool second = offset_ >= first;
        const stream::ByteRange& range = run.op->weights[second ? 1 : 0];
        const std::int64_t inside = second ? offset_ - first : offset_;
        AxiPort& port = npu_->port_of_region(run.op->weight_region);
        const std::int64_t room = consumed_ + buffer - requested_;
        // Requests end at burst boundaries, so that cutting a run costs no extra burst.
        timing::BusShape bus = port.rules().bus;
        bus.burst_bytes *= cores;
        const std::uint64_t address = range.base + static_cast<std::uint64_t>(inside);
        const std::int64_t ahead =
            static_cast<std::int64_t>(address % static_cast<std::uint64_t>(bus.burst_bytes));
        const std::int64_t bytes =
            std::min(range.length - inside,
                     std::max(request_beats * bus.beat_bytes, bus.burst_bytes) - ahead);
        if (bytes > room && room < buffer) break;
        Request& request = requests_.push();
        request.transfer.owner = UnitId::weight_loader;
        request.transfer.operation = run.operation;
        request.transfer.access = timing::run_access(address, bytes, bus);
        requested_ += bytes;
        request.end = requested_;
        npu_->count(run.operation, npu_->port_index(run.op->weight_region), Channel::weights,
                    request.transfer.access);
        npu_->started(run.operation, now);
        port.submit(Channel::weights, request.transfer, now);
        offset_ += bytes;
        if (offset_ == run.weight_pass) {
            offset_ = 0;
            ++position_;
        }
    }
    npu_->observer.set(Flag::weights_in_flight, !requests_.empty(), now);
    return requests_.empty() ? never : requests_.front().transfer.done;
}

std::string WeightLoader::describe() const {
    return fmt::format("weight_loader has {} bytes requested, {} arrived, {} consumed", requested_,
                       arrived_, consumed_);
}

}  // namespace u65sim::machine
