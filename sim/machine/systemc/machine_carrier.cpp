#include "machine/systemc/machine_carrier.hpp"

#include <bit>
#include <cstddef>
#include <utility>

#include "machine/units/event_limit.hpp"

namespace u65sim::machine {

MachineCarrier::MachineCarrier(const char* name, const TlmPorts* tlm)
    : machine_(name, scheduler_, *this, tlm) {}

void MachineCarrier::start(const std::vector<stream::Command>& commands, std::int64_t words,
                           const Target& target, const SimulateOptions& options,
                           const ClockDomain& cycles, const PortMap* ports) {
    if (!npu_) npu_.emplace(scheduler_, machine_.channels(), machine_.units());
    stop();
    failure_ = nullptr;
    events_ = 0;
    most_events_ = event_limit(options);
    cycles_ = cycles;
    cycles_.set_epoch(sc_core::sc_time_stamp());
    scheduler_.reset();
    npu_->load(commands, words, target, options, ports);
    running_ = true;
    scheduler_.wake(UnitId::command_parser, 0);
    forward();
}

void MachineCarrier::stop() {
    for (std::size_t i = 0; i < unit_count; ++i) machine_.module(static_cast<UnitId>(i)).cancel();
    running_ = false;
}

void MachineCarrier::abandon_bursts() {
    for (const std::size_t port : {0U, 1U}) machine_.tlm_port(port).abandon();
}

void MachineCarrier::fail(std::exception_ptr failure) {
    if (failure_ || !running_) return;
    failure_ = std::move(failure);
    running_ = false;
    ended_.notify(sc_core::SC_ZERO_TIME);
}

void MachineCarrier::forward() {
    const std::uint32_t all = scheduler_.take_changed();
    if (!running_) return;
    const sc_core::sc_time& now = sc_core::sc_time_stamp();
    for (std::uint32_t changed = all; changed != 0; changed &= changed - 1) {
        const auto unit = static_cast<UnitId>(std::countr_zero(changed));
        const sc_core::sc_time time = cycles_.time_of(scheduler_.time_of(unit));
        machine_.module(unit).notify(time > now ? time - now : sc_core::SC_ZERO_TIME);
    }
}

void MachineCarrier::act(UnitId unit) {
    if (!running_) return;
    ++events_;
    try {
        if (events_ > most_events_) refuse_further_events(most_events_);
        const Time time = cycles_.now();
        scheduler_.begin(unit, time);
        const Time next = npu_->act(unit, time);
        if (next != never) scheduler_.wake(unit, next);
        forward();
        if (trace_ != nullptr) trace_->sample();
        if (unit == UnitId::command_parser && npu_->finished()) {
            ended_.notify(sc_core::SC_ZERO_TIME);
        }
    } catch (...) {
        fail(std::current_exception());
    }
}

}  // namespace u65sim::machine
