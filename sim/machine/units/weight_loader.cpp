#include "machine/units/weight_loader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void WeightLoader::reset() {
    source_ = {};
    kernel_ = position_ = offset_ = 0;
}

void WeightLoader::begin_kernel() {
    const KernelRun& run = ports_.kernels.run(kernel_);
    const int port = ports_.memory.index(run.op->weight_region);
    source_.run = &run;
    source_.requested = {};
    source_.port = &ports_.memory.at(port);
    source_.counted = &ports_.probe.traffic(run.operation, port);
    source_.positions = std::int64_t{run.traversal.blocks_y()} * run.traversal.blocks_x();
    // Requests end at burst boundaries, so that cutting a run costs no extra burst.
    source_.bus = source_.port->rules().weight_bus;
    source_.most = std::max(request_beats * source_.bus.beat_bytes, source_.bus.burst_bytes);
    source_.full = timing::run_access(0, source_.most, source_.bus);
}

bool WeightLoader::may_begin(const KernelRun& run) const {
    return run.weight_pass == 0 || (ports_.kernels.has_begun(kernel_) &&
                                    (!run.uses_scales || ports_.scales.all_arrived(kernel_)));
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
    WeightBuffer& buffer = ports_.buffer;
    const std::int64_t room = buffer.room();
    const std::int64_t bytes = std::min(source_.left, source_.most - source_.ahead);
    if (bytes > room && room < buffer.size()) return false;
    Transfer& transfer = buffer.add(bytes).transfer;
    transfer.owner = UnitId::weight_loader;
    transfer.operation = run.operation;
    transfer.access = source_.ahead == 0 && bytes == source_.most
                          ? source_.full
                          : timing::run_access(source_.address, bytes, source_.bus);
    source_.requested += transfer.access;
    if (offset_ == 0 && position_ == 0) ports_.probe.started(run.operation, now);
    source_.port->submit(Channel::weights, transfer, now);
    if (source_.port->wants_extents()) {
        source_.port->describe(Channel::weights, transfer,
                               Extent::of_run(run.op->weight_region, source_.address, bytes));
    }
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
    WeightBuffer& buffer = ports_.buffer;
    buffer.receive(now);
    while (kernel_ < ports_.kernels.issued() && !buffer.full()) {
        if (source_.run == nullptr) {
            if (!may_begin(ports_.kernels.run(kernel_))) break;
            begin_kernel();
        }
        if (source_.run->weight_pass == 0 || position_ == source_.positions) {
            count(*source_.counted, Channel::weights, source_.requested);
            ++kernel_;
            position_ = offset_ = 0;
            source_.run = nullptr;
        } else if (!request_next(now)) {
            break;
        }
    }
    ports_.probe.set(Flag::weights_in_flight, !buffer.empty(), now);
    if (buffer.empty()) return never;
    // The youngest may come first, through the other port.
    const Time last = buffer.last_arrival();
    return buffer.wanted() || buffer.full() || last <= now ? buffer.next_arrival() : last;
}

std::string WeightLoader::describe(Time now) const {
    return fmt::format("weight_loader has {} bytes requested, {} arrived, {} consumed",
                       ports_.buffer.requested(), ports_.buffer.arrived_by(now).bytes,
                       ports_.buffer.consumed());
}

template <class State>
void WeightLoader::pass(State& state) {
    state.kernel(kernel_);
    state.number(position_);
    state.number(offset_);
    bool begun = source_.run != nullptr;
    state.number(begun);
    if constexpr (State::reading) {
        source_ = {};
        if (begun) begin_kernel();  // where it is in a range follows from the offset
    }
    if (begun) state.access(source_.requested);
}

template void WeightLoader::pass(StateWriter&);
template void WeightLoader::pass(StateReader&);

}  // namespace u65sim::machine
