#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/npu.hpp>

#include "machine/device/memory_bus.hpp"
#include "machine/device/npu_control.hpp"
#include "machine/direct/event_queue.hpp"
#include "machine/systemc/bus_access.hpp"
#include "machine/systemc/machine_carrier.hpp"
#include "machine/systemc/npu_bytes.hpp"
#include "stream/operation.hpp"

namespace u65sim {
namespace {

const Target& validated(const Target& target) {
    target.validate();
    return target;
}

/// The driver has given the run up.
struct Abandoned {};

/// Nobody answers ports that have no bursts.
class NoAnswers : public tlm::tlm_bw_transport_if<> {
public:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& /*payload*/,
                                       tlm::tlm_phase& /*phase*/,
                                       sc_core::sc_time& /*delay*/) override {
        return tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 /*begin*/, sc_dt::uint64 /*end*/) override {}
};

}  // namespace

struct NpuModule::State {
    State(NpuModule& module, const Target& wanted, const Settings& chosen);

    Target target;
    bool loosely_timed;
    machine::BusAccess bus;
    NoAnswers no_answers;
    sc_core::sc_event started, abandoned, status_changed;
    bool busy = false, given_up = false;
    bool start_again = false;  ///< when the bursts of the run before have been answered
    Simulation last;
    std::string error;

    machine::ClockDomain clock;  ///< from the beginning of simulated time on
    machine::NpuBytes bytes;
    machine::TlmPorts ports;
    std::optional<machine::MachineCarrier> machine;  ///< unless loosely timed
    machine::CountedEvents counted;                  ///< of the runs before
    bool counting = false;                           ///< the machine's counters are of a run
    machine::NpuControl control;

    [[nodiscard]] std::size_t under_way();
    void drain();
    [[nodiscard]] std::vector<std::uint32_t> fetch_stream() const;
    Simulation run_timed(const std::vector<stream::Command>& commands, std::int64_t words);
    Simulation run_loosely_timed(const std::vector<stream::Command>& commands, std::int64_t words);
    void wait_for(const sc_core::sc_time& time) const;
    std::uint32_t run();
    void take(machine::NpuControl::Request request);
    void abandon();
    [[nodiscard]] std::int64_t events(unsigned event);
    void keep_counters();
};

NpuModule::State::State(NpuModule& module, const Target& wanted, const Settings& chosen)
    : target(wanted),
      loosely_timed(chosen.loosely_timed),
      bus(module.axi0, module.axi1),
      clock(wanted.accelerator.clock),
      bytes(bus,
            [this](int port, const std::string& text) {
                machine->fail(std::make_exception_ptr(machine::BusError(text, port)));
            }),
      ports{chosen.axi, bytes},
      control(wanted.accelerator, [this](unsigned event) { return events(event); }) {
    if (loosely_timed) {
        module.axi0.bind(no_answers);
        module.axi1.bind(no_answers);
        return;
    }
    machine.emplace("core", &ports);
    machine->module().tlm_port(0).socket.bind(module.axi0);
    machine->module().tlm_port(1).socket.bind(module.axi1);
}

/// Payloads that have not been answered.
std::size_t NpuModule::State::under_way() {
    if (!machine) return 0;
    return machine->module().tlm_port(0).under_way() + machine->module().tlm_port(1).under_way();
}

/// Waits for the answers to bursts of a run that was given up.
void NpuModule::State::drain() {
    while (under_way() > 0) {
        sc_core::wait(machine->module().tlm_port(0).drained() |
                      machine->module().tlm_port(1).drained());
    }
}

std::vector<std::uint32_t> NpuModule::State::fetch_stream() const {
    if (loosely_timed) {
        return machine::fetch_stream(machine::BlockingBus{bus}, control.registers());
    }
    return machine::fetch_stream(machine::FetchingBus{bus}, control.registers());
}

Simulation NpuModule::State::run_timed(const std::vector<stream::Command>& commands,
                                       std::int64_t words) {
    bytes.begin(commands, target.accelerator, control.registers());
    const machine::PortMap map = control.registers().ports();
    machine->start(commands, words, target, {}, clock, &map);
    counting = true;
    if (!given_up) sc_core::wait(machine->ended() | abandoned);
    keep_counters();
    machine->stop();
    if (given_up) throw Abandoned{};
    machine->rethrow();
    return machine->npu().result(machine->events());
}

Simulation NpuModule::State::run_loosely_timed(const std::vector<stream::Command>& commands,
                                               std::int64_t words) {
    Simulation simulation = machine::run_on_event_queue(commands, words, target, {});
    if (!given_up) {
        sc_core::wait(clock.time_of(simulation.total.count()) - clock.time_of(0), abandoned);
    }
    if (given_up) throw Abandoned{};
    machine::compute_run(machine::BlockingBus{bus}, commands, target.accelerator,
                         control.registers());
    counted.add(simulation.pmu);
    return simulation;
}

/// One run of the stream that the registers name; returns STATUS behind it.
std::uint32_t NpuModule::State::run() {
    error.clear();
    try {
        return machine::status_behind(
            [this] {
                const std::vector<std::uint32_t> words = fetch_stream();
                const auto commands = stream::decode(words, target.accelerator);
                const auto count = static_cast<std::int64_t>(words.size());
                last =
                    loosely_timed ? run_loosely_timed(commands, count) : run_timed(commands, count);
                control.end_queue();
            },
            error);
    } catch (const Abandoned&) {
        return 0;
    }
}

void NpuModule::State::abandon() {
    if (!busy) return;
    given_up = true;
    abandoned.notify();
}

void NpuModule::State::take(machine::NpuControl::Request request) {
    using Request = machine::NpuControl::Request;
    if (request == Request::reset) {
        abandon();
        start_again = false;
        if (busy) control.status() = reset_ongoing;
    } else if (request == Request::abandon) {
        abandon();
    } else if (request == Request::start) {
        start_again = busy;
        if (!busy) started.notify(sc_core::SC_ZERO_TIME);
        busy = true;
    }
    status_changed.notify(sc_core::SC_ZERO_TIME);
}

/// What PMU event number `event` has counted up to now.
std::int64_t NpuModule::State::events(unsigned event) {
    machine::EventCounts under_way;
    if (counting) under_way = machine->npu().counters(machine->cycles().now());
    return counted.of(event, clock.now(), under_way);
}

/// The run's counters, which end now, to those of the runs before.
void NpuModule::State::keep_counters() {
    counted.add(machine->npu().counters(machine->cycles().now()));
    counting = false;
}

NpuModule::NpuModule(sc_core::sc_module_name name, const Target& target)
    : NpuModule(name, target, Settings{}) {}

NpuModule::NpuModule(sc_core::sc_module_name name, const Target& target, const Settings& settings)
    : sc_core::sc_module(name),
      axi0("axi0"),
      axi1("axi1"),
      control("control"),
      irq("irq"),
      state_(std::make_unique<State>(*this, validated(target), settings)) {
    control.register_b_transport(this, &NpuModule::b_transport);
    SC_HAS_PROCESS(NpuModule);
    SC_THREAD(run);
    SC_METHOD(drive_irq);
    sensitive << state_->status_changed;
    dont_initialize();
}

NpuModule::~NpuModule() = default;

const Simulation& NpuModule::last_run() const { return state_->last; }
const std::string& NpuModule::last_error() const { return state_->error; }
std::size_t NpuModule::payloads_held() const {
    if (!state_->machine) return 0;
    machine::MachineModule& core = state_->machine->module();
    return core.tlm_port(0).held() + core.tlm_port(1).held();
}

void NpuModule::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& /*delay*/) {
    if (transaction.get_address() % 4 != 0 || transaction.get_address() >= register_end) {
        transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    if (transaction.get_data_length() != 4) {
        transaction.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    if (transaction.get_byte_enable_ptr() != nullptr) {
        transaction.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return;
    }
    State& state = *state_;
    const auto address = static_cast<unsigned>(transaction.get_address());
    transaction.set_response_status(tlm::TLM_OK_RESPONSE);
    if (transaction.is_read()) {
        const std::uint32_t value = state.control.read(address);
        std::memcpy(transaction.get_data_ptr(), &value, 4);
        return;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, transaction.get_data_ptr(), 4);
    state.take(state.control.write(address, value));
}

void NpuModule::run() {
    State& state = *state_;
    for (;;) {
        if (!state.start_again) wait(state.started);
        state.start_again = state.given_up = false;
        const std::uint32_t ended = state.run();
        const bool was_reset = (state.control.status() & reset_ongoing) != 0;
        if (!was_reset) {
            state.control.status() = ended;
            state.status_changed.notify(sc_core::SC_ZERO_TIME);
        }
        if (state.machine) state.machine->abandon_bursts();
        state.drain();
        // A reset may have come meanwhile.
        state.control.status() &= ~std::uint32_t{reset_ongoing};
        state.busy = state.start_again;
        state.status_changed.notify(sc_core::SC_ZERO_TIME);
    }
}

void NpuModule::drive_irq() { irq.write(state_->control.irq()); }

}  // namespace u65sim
