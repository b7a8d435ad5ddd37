#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/axi.hpp>
#include <u65sim/systemc/memory.hpp>

#include "machine/memory/burst_timing.hpp"
#include "machine/systemc/clock_domain.hpp"
#include "machine/systemc/platform/storage.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"

namespace u65sim {

struct MemoryModule::State {
    int port = 0;
    std::uint64_t size = 0;
    machine::Storage bytes;
    machine::BurstTiming timing;
    machine::ClockDomain clock;

    /// Answers to come, of each initiator in the order of time.
    struct Initiator {
        std::multimap<sc_core::sc_time, tlm::tlm_generic_payload*> answers;
        bool responding = false;  ///< END_RESP has not come yet
    };
    std::map<int, Initiator> initiators;
    sc_core::sc_event answer_due;

    [[nodiscard]] bool holds(std::uint64_t address, std::uint64_t count) const {
        return address <= size && count <= size - address;
    }
    void access(tlm::tlm_generic_payload& payload);
    machine::BurstTiming::Answer serve(int id, const tlm::tlm_generic_payload& payload,
                                       const sc_core::sc_time& time);
};

/// Moves the payload's bytes, or says why not.
void MemoryModule::State::access(tlm::tlm_generic_payload& payload) {
    payload.set_response_status(machine::check_access(payload, size));
    if (payload.is_response_ok()) bytes.access(payload, 0, size);
}

/// When a payload that comes at `time` is accepted and answered.
machine::BurstTiming::Answer MemoryModule::State::serve(int id,
                                                        const tlm::tlm_generic_payload& payload,
                                                        const sc_core::sc_time& time) {
    const BurstExtension* burst = nullptr;
    payload.get_extension(burst);
    const std::int64_t width = timing.beat_bytes();
    const std::uint64_t first = payload.get_address() / static_cast<std::uint64_t>(width);
    const std::uint64_t last =
        (payload.get_address() + std::max(payload.get_data_length(), 1U) - 1) /
        static_cast<std::uint64_t>(width);
    const std::int64_t beats =
        burst != nullptr ? burst->beats : static_cast<std::int64_t>(last - first) + 1;
    return timing.serve(static_cast<std::size_t>(id), payload.is_write(), beats,
                        clock.cycle_at(time));
}

MemoryModule::MemoryModule(sc_core::sc_module_name name, const Target& target, int port,
                           std::uint64_t size)
    : sc_core::sc_module(name), socket("socket"), state_(std::make_unique<State>()) {
    state_->port = port;
    state_->size = size;
    restart(target);
    socket.register_nb_transport_fw(this, &MemoryModule::nb_transport_fw);
    socket.register_b_transport(this, &MemoryModule::b_transport);
    socket.register_transport_dbg(this, &MemoryModule::transport_dbg);
    SC_HAS_PROCESS(MemoryModule);
    SC_METHOD(respond);
    sensitive << state_->answer_due;
    dont_initialize();
}

MemoryModule::~MemoryModule() = default;

void MemoryModule::restart(const Target& target) {
    if (target.accelerator.clock.count() <= 0) {
        throw InvalidConfig(fmt::format("accelerator.clock = {}: must be more than 0 Hz",
                                        target.accelerator.clock.count()));
    }
    state_->timing.reset(
        timing::port_rules(target, architecture(target.accelerator), state_->port));
    state_->clock = machine::ClockDomain(target.accelerator.clock);
    state_->clock.set_epoch(sc_core::sc_time_stamp());
}

void MemoryModule::read(std::uint64_t address, void* bytes, std::size_t count) const {
    if (!state_->holds(address, count)) {
        throw InvalidConfig(
            fmt::format("{}: {} bytes at {:#x}: it has {}", name(), count, address, state_->size));
    }
    state_->bytes.read(address, static_cast<std::uint8_t*>(bytes), count);
}

void MemoryModule::write(std::uint64_t address, const void* bytes, std::size_t count) {
    if (!state_->holds(address, count)) {
        throw InvalidConfig(
            fmt::format("{}: {} bytes at {:#x}: it has {}", name(), count, address, state_->size));
    }
    state_->bytes.write(address, static_cast<const std::uint8_t*>(bytes), count);
}

tlm::tlm_sync_enum MemoryModule::nb_transport_fw(int id, tlm::tlm_generic_payload& payload,
                                                 tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    State& state = *state_;
    if (phase == tlm::END_RESP) {
        State::Initiator& initiator = state.initiators[id];
        initiator.responding = false;
        if (!initiator.answers.empty()) state.answer_due.notify(sc_core::SC_ZERO_TIME);
        return tlm::TLM_COMPLETED;
    }
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;  // an ignorable phase
    const sc_core::sc_time& now = sc_core::sc_time_stamp();
    const auto [accepted, response] = state.serve(id, payload, now + delay);
    const sc_core::sc_time answered = state.clock.time_of(response);
    const BurstExtension* burst = nullptr;
    payload.get_extension(burst);
    if (burst != nullptr && burst->annotated) {
        state.access(payload);
        tlm::tlm_phase end_of_request = tlm::END_REQ;
        sc_core::sc_time until = state.clock.time_of(accepted) - now;
        socket[id]->nb_transport_bw(payload, end_of_request, until);
        phase = tlm::BEGIN_RESP;
        delay = answered - now;
        return tlm::TLM_UPDATED;
    }
    if (payload.has_mm()) payload.acquire();
    state.initiators[id].answers.emplace(std::max(answered, now + delay), &payload);
    state.answer_due.notify(sc_core::SC_ZERO_TIME);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
}

/// Begins the answers that are due, one at a time for each initiator.
void MemoryModule::respond() {
    State& state = *state_;
    const sc_core::sc_time& now = sc_core::sc_time_stamp();
    sc_core::sc_time next = sc_core::sc_max_time();
    for (auto& [id, initiator] : state.initiators) {
        while (!initiator.responding && !initiator.answers.empty()) {
            const auto due = initiator.answers.begin();
            if (due->first > now) {
                next = std::min(next, due->first);
                break;
            }
            tlm::tlm_generic_payload& payload = *due->second;
            initiator.answers.erase(due);
            state.access(payload);
            initiator.responding = true;
            tlm::tlm_phase phase = tlm::BEGIN_RESP;
            sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
            const tlm::tlm_sync_enum status = socket[id]->nb_transport_bw(payload, phase, delay);
            if (status == tlm::TLM_COMPLETED ||
                (status == tlm::TLM_UPDATED && phase == tlm::END_RESP)) {
                initiator.responding = false;
            }
            if (payload.has_mm()) payload.release();
        }
    }
    if (next != sc_core::sc_max_time()) state.answer_due.notify(next - now);
}

void MemoryModule::b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    State& state = *state_;
    const sc_core::sc_time& now = sc_core::sc_time_stamp();
    const auto [accepted, response] = state.serve(id, payload, now + delay);
    state.access(payload);
    // A read is over when its data have passed the bus.
    const std::int64_t width = state.timing.beat_bytes();
    const std::int64_t beats =
        payload.is_read() ? (payload.get_data_length() + width - 1) / width : 0;
    delay = std::max(delay, state.clock.time_of(response + beats) - now);
}

unsigned MemoryModule::transport_dbg(int /*id*/, tlm::tlm_generic_payload& payload) {
    State& state = *state_;
    const std::uint64_t address = payload.get_address();
    if (address >= state.size) return 0;
    const auto count = static_cast<unsigned>(
        std::min<std::uint64_t>(payload.get_data_length(), state.size - address));
    if (payload.is_read()) state.bytes.read(address, payload.get_data_ptr(), count);
    if (payload.is_write()) state.bytes.write(address, payload.get_data_ptr(), count);
    return count;
}

}  // namespace u65sim
