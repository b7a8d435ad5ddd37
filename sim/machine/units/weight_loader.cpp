#include "machine/units/weight_loader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

void WeightLoader::reset() {
    requests_.clear();
    source_ = {};
    buffer_ = npu_->target.timing.weight_buffer.count() * npu_->target.accelerator.cores;
    sequence_ = kernel_ = position_ = offset_ = requested_ = arrived_ = consumed_ = 0;
}

void WeightLoader::kernel_issued(KernelRun& run) {
    run.weight_base = sequence_;
    sequence_ += run.weight_pass * run.traversal.blocks_y() * run.traversal.blocks_x();
}

void WeightLoader::consume_to(std::int64_t position, Time now) {
    consumed_ = position;
    npu_->scheduler->wake(UnitId::weight_loader, now);
}

WeightLoader::Arrival WeightLoader::arrived_by(Time later) const {
    Arrival arrival{arrived_, false};
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        const Request& request = requests_[i];
        if (request.transfer.done > later) {
            arrival.certain = request.transfer.done != never;
            break;
        }
        arrival.bytes = request.end;
    }
    return arrival;
}

Time WeightLoader::next_arrival() {
    if (requests_.empty()) return never;
    Transfer& next = requests_.front().transfer;
    next.wakes = true;
    return next.done;
}

void WeightLoader::begin_kernel() {
    const KernelRun& run = npu_->kernel_run(kernel_);
    const int port = npu_->port_index(run.op->weight_region);
    source_.run = &run;
    source_.asked = {};
    source_.port = port == 0 ? &npu_->axi0 : &npu_->axi1;
    source_.counted = &npu_->operations[run.operation].ports[static_cast<std::size_t>(port)];
    source_.positions = std::int64_t{run.traversal.blocks_y()} * run.traversal.blocks_x();
    // Requests end at burst boundaries, so that cutting a run costs no extra burst.
    source_.bus = source_.port->rules().weight_bus;
    source_.most = std::max(request_beats * source_.bus.beat_bytes, source_.bus.burst_bytes);
    source_.full = timing::run_access(0, source_.most, source_.bus);
}

bool WeightLoader::may_begin(const KernelRun& run) const {
    return run.weight_pass == 0 ||
           (npu_->ifm_loader.has_begun(kernel_) && npu_->scale_loader.all_arrived(kernel_));
}

/// Cores' ranges are read one behind the other, each at its own address.
void WeightLoader::begin_range() {
    const stream::KernelOp& op = *source_.run->op;
    const std::int64_t first = op.weights[0].length;
    const bool second = offset_ >= first;
    const stream::ByteRange& range = op.weights[second ? 1 : 0];
    const std::int64_t inside = second ? offset_ - first : offset_;
    source_.address = range.base + static_cast<std::uint64_t>(inside);
    source_.left = range.length - inside;
    source_.ahead = static_cast<std::int64_t>(source_.address %
                                              static_cast<std::uint64_t>(source_.bus.burst_bytes));
}

/// Asks for the next bytes of the current kernel; false: there is no room for them.
inline bool WeightLoader::request_next(Time now) {
    const KernelRun& run = *source_.run;
    if (source_.left == 0) begin_range();
    const std::int64_t room = consumed_ + buffer_ - requested_;
    const std::int64_t bytes = std::min(source_.left, source_.most - source_.ahead);
    if (bytes > room && room < buffer_) return false;
    // Only the youngest one's arrival has to be seen: then none is in flight.
    if (!requests_.empty()) requests_.back().transfer.wakes = false;
    Request& request = requests_.push();
    request.transfer.owner = UnitId::weight_loader;
    request.transfer.operation = run.operation;
    request.transfer.access = source_.ahead == 0 && bytes == source_.most
                                  ? source_.full
                                  : timing::run_access(source_.address, bytes, source_.bus);
    requested_ += bytes;
    request.end = requested_;
    source_.asked += request.transfer.access;
    if (offset_ == 0 && position_ == 0) npu_->started(run.operation, now);
    source_.port->submit(Channel::weights, request.transfer, now);
    // Requests are whole bursts, but where a range begins or ends.
    source_.ahead = (source_.ahead + bytes) & (source_.bus.burst_bytes - 1);
    source_.address += static_cast<std::uint64_t>(bytes);
    source_.left -= bytes;
    offset_ += bytes;
    if (offset_ == run.weight_pass) {
        offset_ = 0;
        ++position_;
    }
    return true;
}

Time WeightLoader::act(Time now) {
    const std::int64_t before = arrived_;
    const bool wanted = npu_->mac_array.waits_weights();
    if (arrived(now) != before && wanted) npu_->scheduler->wake(UnitId::mac_array, now);
    while (kernel_ < npu_->kernels_issued && !requests_.full()) {
        if (source_.run == nullptr) {
            if (!may_begin(npu_->kernel_run(kernel_))) break;
            begin_kernel();
        }
        if (source_.run->weight_pass == 0 || position_ == source_.positions) {
            count(*source_.counted, Channel::weights, source_.asked);
            ++kernel_;
            position_ = offset_ = 0;
            source_.run = nullptr;
        } else if (!request_next(now)) {
            break;
        }
    }
    npu_->observer.set(Flag::weights_in_flight, !requests_.empty(), now);
    if (requests_.empty()) return never;
    // The youngest may come first, through the other port.
    const Time last = requests_.back().transfer.done;
    return wanted || requests_.full() || last <= now ? next_arrival() : last;
}

std::string WeightLoader::describe(Time now) const {
    return fmt::format("weight_loader has {} bytes requested, {} arrived, {} consumed", requested_,
                       arrived_by(now).bytes, consumed_);
}

template <class State>
void WeightLoader::pass(State& state) {
    state.ring(requests_, [&](Request& request) {
        state.transfer(request.transfer);
        state.weights(request.end);
    });
    state.weights(sequence_);
    state.weights(requested_);
    state.weights(arrived_);
    state.weights(consumed_);
    state.kernel(kernel_);
    state.number(position_);
    state.number(offset_);
    bool begun = source_.run != nullptr;
    state.number(begun);
    if constexpr (State::reading) {
        source_ = {};
        if (begun) begin_kernel();  // where it is in a range follows from the offset
    }
    if (begun) state.access(source_.asked);
}

template void WeightLoader::pass(StateWriter&);
template void WeightLoader::pass(StateReader&);

}  // namespace u65sim::machine
