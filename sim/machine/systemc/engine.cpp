#include "machine/systemc/engine.hpp"

#include <array>
#include <bit>
#include <exception>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/systemc/systemc.hpp"
#include "machine/systemc/vcd_file.hpp"
#include "machine/systemc/vcd_trace.hpp"
#include "machine/units/event_limit.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

namespace {

class Engine;

/// Carries one unit: an event wakes it, and it says when it next wants to act.
class UnitModule : public sc_core::sc_module {
public:
    SC_HAS_PROCESS(UnitModule);
    UnitModule(sc_core::sc_module_name name, Engine& engine, UnitId unit)
        : sc_core::sc_module(name), engine_(&engine), unit_(unit) {
        SC_METHOD(act);
        sensitive << wake_;
        dont_initialize();
    }
    /// Cycles from now; zero: this cycle, in a later delta. An earlier wake stays.
    void notify(Time delay) {
        if (delay <= 0) {
            wake_.notify(sc_core::SC_ZERO_TIME);
        } else {
            wake_.notify(sc_core::sc_time::from_value(static_cast<std::uint64_t>(delay)));
        }
    }
    void cancel() { wake_.cancel(); }

private:
    void act();

    Engine* engine_;
    UnitId unit_;
    sc_core::sc_event wake_;
};

/// One kernel tick is one NPU cycle; runs follow each other on the kernel's own time.
class Engine {
public:
    Engine();
    void act(UnitId unit);
    Simulation run(const std::vector<stream::Command>& commands, std::int64_t words,
                   const Target& target, const SimulateOptions& options, VcdFile* vcd, Time start);

private:
    [[nodiscard]] Time now() const {
        return static_cast<Time>(sc_core::sc_time_stamp().value()) - epoch_;
    }

    /// Hands changed wakes on to the kernel.
    void forward();

    Scheduler scheduler_;
    std::unique_ptr<Npu> npu_;
    std::array<std::unique_ptr<UnitModule>, unit_count> units_;
    Time epoch_ = 0;
    std::uint64_t events_ = 0, most_events_ = 0;
    std::unique_ptr<VcdTrace> trace_;  ///< of this run, if wanted
    std::exception_ptr failure_;       ///< the mailbox: nothing may leave a process
};

void UnitModule::act() { engine_->act(unit_); }

Engine::Engine() : npu_(std::make_unique<Npu>(scheduler_)) {
    for (std::size_t i = 0; i < unit_count; ++i) {
        const auto unit = static_cast<UnitId>(i);
        units_[i] = std::make_unique<UnitModule>(fmt::format("u65sim_{}", to_string(unit)).c_str(),
                                                 *this, unit);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);  // notifications before the first start are lost
}

void Engine::forward() {
    for (std::uint32_t changed = scheduler_.take_changed(); changed != 0; changed &= changed - 1) {
        const int index = std::countr_zero(changed);
        units_[static_cast<std::size_t>(index)]->notify(
            scheduler_.time_of(static_cast<UnitId>(index)) - now());
    }
}

void Engine::act(UnitId unit) {
    if (failure_) return;
    ++events_;
    try {
        if (events_ > most_events_) refuse_further_events(most_events_);
        const Time time = now();
        scheduler_.begin(unit, time);
        const Time next = npu_->act(unit, time);
        if (next != never) scheduler_.wake(unit, next);
        forward();
        if (trace_) trace_->sample();
    } catch (...) {
        failure_ = std::current_exception();
    }
}

Simulation Engine::run(const std::vector<stream::Command>& commands, std::int64_t words,
                       const Target& target, const SimulateOptions& options, VcdFile* vcd,
                       Time start) {
    for (const auto& unit : units_) unit->cancel();
    failure_ = nullptr;
    events_ = 0;
    most_events_ = event_limit(options);
    epoch_ = static_cast<Time>(sc_core::sc_time_stamp().value());
    scheduler_.reset();
    npu_->load(commands, words, target, options);
    scheduler_.wake(UnitId::command_parser, 0);
    forward();
    trace_ = vcd != nullptr ? std::make_unique<VcdTrace>(*npu_, vcd->part()) : nullptr;
    sc_core::sc_start(
        sc_core::sc_time::from_value(static_cast<std::uint64_t>(options.cycle_limit.count())),
        sc_core::SC_EXIT_ON_STARVATION);
    trace_.reset();
    if (failure_) std::rethrow_exception(failure_);
    if (npu_->finished()) {
        if (vcd != nullptr) vcd->append_part(epoch_, start, npu_->finish_time());
        return npu_->result(events_);
    }
    if (sc_core::sc_pending_activity()) {
        throw CycleLimitReached(fmt::format("more cycles than the limit (at operation {})",
                                            npu_->channels.probe.oldest()));
    }
    throw SimulationStuck(fmt::format("deadlock at cycle {}: {}", now(), npu_->describe(now())));
}

/// Held by the run that the process's one engine carries.
std::mutex lease;

/// The engine of this process, built at the first run.
Engine& the_engine() {
    static std::unique_ptr<Engine> engine;
    if (!engine) {
        if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
            throw SimulationStuck(
                "another SystemC simulation already runs in this process: simulate in a process "
                "of its own");
        }
        for (const auto severity : {sc_core::SC_INFO, sc_core::SC_WARNING}) {
            sc_core::sc_report_handler::set_actions(severity, sc_core::SC_DO_NOTHING);
        }
        engine = std::make_unique<Engine>();
    }
    return *engine;
}

}  // namespace

Simulation run_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                          const Target& target, const SimulateOptions& options) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine().run(commands, words, target, options, nullptr, 0);
}

Simulation trace_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                            const Target& target, const SimulateOptions& options, VcdFile& vcd,
                            Cycles start) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine().run(commands, words, target, options, &vcd, start.count());
}

}  // namespace u65sim::machine

/// libsystemc asks for it; whoever runs SystemC as the main program has their own.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }
