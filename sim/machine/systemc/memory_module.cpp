#include <algorithm>
#include <cstring>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/axi.hpp>
#include <u65sim/systemc/memory.hpp>

#include "machine/memory/burst_timing.hpp"
#include "machine/systemc/clock_domain.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"

namespace u65sim {
namespace {

/// Bytes in pages that exist from the first write on that is not of zeros.
class SparseBytes {
public:
    void read(std::uint64_t address, unsigned char* bytes, std::size_t count) const {
        for_each_part(address, count, [&](std::uint64_t page, std::size_t at, std::size_t length) {
            const auto found = pages_.find(page);
            if (found == pages_.end()) {
                std::memset(bytes, 0, length);
            } else {
                std::memcpy(bytes, found->second.data() + at, length);
            }
            bytes += length;
        });
    }
    void write(std::uint64_t address, const unsigned char* bytes, std::size_t count) {
        for_each_part(address, count, [&](std::uint64_t page, std::size_t at, std::size_t length) {
            auto found = pages_.find(page);
            if (found == pages_.end() &&
                std::any_of(bytes, bytes + length, [](unsigned char byte) { return byte != 0; })) {
                found = pages_.emplace(page, std::vector<unsigned char>(page_bytes)).first;
            }
            if (found != pages_.end()) std::memcpy(found->second.data() + at, bytes, length);
            bytes += length;
        });
    }

private:
    static constexpr std::size_t page_bytes = 4096;
    template <class Each>
    static void for_each_part(std::uint64_t address, std::size_t count, const Each& each) {
        while (count > 0) {
            const std::size_t at = address % page_bytes;
            const std::size_t length = std::min(count, page_bytes - at);
            each(address / page_bytes, at, length);
            address += length;
            count -= length;
        }
    }
    std::unordered_map<std::uint64_t, std::vector<unsigned char>> pages_;
};

}  // namespace

struct MemoryModule::State {
    int port = 0;
    std::uint64_t size = 0;
    SparseBytes bytes;
    machine::BurstTiming timing;
    machine::ClockDomain clock;

    /// Answers to come, of each initiator in the order of time.
    struct Answer {
        sc_core::sc_time time;
        tlm::tlm_generic_payload* payload = nullptr;
    };
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
    void copy(const tlm::tlm_generic_payload& payload);
};

/// Moves the payload's bytes, or says why not.
void MemoryModule::State::access(tlm::tlm_generic_payload& payload) {
    const unsigned length = payload.get_data_length();
    if (!holds(payload.get_address(), length)) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else if (length == 0 || payload.get_streaming_width() < length) {
        payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    } else {
        copy(payload);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
}

void MemoryModule::State::copy(const tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    const unsigned length = payload.get_data_length();
    unsigned char* data = payload.get_data_ptr();
    const unsigned char* enables = payload.get_byte_enable_ptr();
    if (enables == nullptr) {
        if (payload.is_read()) bytes.read(address, data, length);
        if (payload.is_write()) bytes.write(address, data, length);
        return;
    }
    for (unsigned i = 0; i < length; ++i) {
        if (enables[i % payload.get_byte_enable_length()] != TLM_BYTE_ENABLED) continue;
        if (payload.is_read()) bytes.read(address + i, data + i, 1);
        if (payload.is_write()) bytes.write(address + i, data + i, 1);
    }
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
    state_->bytes.read(address, static_cast<unsigned char*>(bytes), count);
}

void MemoryModule::write(std::uint64_t address, const void* bytes, std::size_t count) {
    if (!state_->holds(address, count)) {
        throw InvalidConfig(
            fmt::format("{}: {} bytes at {:#x}: it has {}", name(), count, address, state_->size));
    }
    state_->bytes.write(address, static_cast<const unsigned char*>(bytes), count);
}

tlm::tlm_sync_enum MemoryModule::nb_transport_fw(int id, tlm::tlm_generic_payload& payload,
                                                 tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    State& state = *state_;
    if (phase == tlm::END_RESP) {
        state.initiators[id].responding = false;
        state.answer_due.notify(sc_core::SC_ZERO_TIME);
        return tlm::TLM_COMPLETED;
    }
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;  // an ignorable phase
    const sc_core::sc_time now = sc_core::sc_time_stamp();
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
    const sc_core::sc_time now = sc_core::sc_time_stamp();
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
    const sc_core::sc_time now = sc_core::sc_time_stamp();
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
