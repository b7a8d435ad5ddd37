#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/npu.hpp>

#include "machine/direct/event_queue.hpp"
#include "machine/functional/executor.hpp"
#include "machine/functional/footprint.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim {
namespace {

constexpr std::uint64_t largest_stream = 16U << 20;
constexpr std::uint64_t largest_transfer = 4096;  ///< bytes of one transaction
constexpr std::size_t register_words = NpuModule::register_end / 4;

enum Command : std::uint32_t { start = 1U << 0, clear_irq = 1U << 1 };

/// A transaction that the platform refused.
class BusError : public Error {
public:
    BusError(const std::string& text, int port) : Error(text), port_(port) {}
    [[nodiscard]] int port() const { return port_; }

private:
    int port_;
};

}  // namespace

struct NpuModule::State {
    explicit State(const Target& wanted) : target(wanted) {}

    Target target;
    std::array<std::uint32_t, register_words> registers{};
    sc_core::sc_event started, status_changed;
    bool busy = false;
    Simulation last;
    std::string error;

    [[nodiscard]] std::uint32_t& word(unsigned address) { return registers[address / 4]; }
    [[nodiscard]] std::uint64_t address40(unsigned address) {
        return word(address) | (std::uint64_t{word(address + 4) & 0xFFU} << 32);
    }
    /// Two bits a region: 0 and 1 name AXI0, 2 and 3 AXI1.
    [[nodiscard]] int port_of(std::size_t region) {
        return static_cast<int>(word(region_config) >> (2 * region + 1) & 1U);
    }

    void transfer(NpuModule& module, tlm::tlm_command command, int port, std::uint64_t address,
                  std::uint8_t* bytes, std::uint64_t count) const {
        auto& socket = port == 0 ? module.axi0 : module.axi1;
        while (count > 0) {
            const std::uint64_t length =
                std::min(count, largest_transfer - address % largest_transfer);
            tlm::tlm_generic_payload transaction;
            transaction.set_command(command);
            transaction.set_address(address);
            transaction.set_data_ptr(bytes);
            transaction.set_data_length(static_cast<unsigned>(length));
            transaction.set_streaming_width(static_cast<unsigned>(length));
            transaction.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
            sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
            socket->b_transport(transaction, delay);
            if (transaction.is_response_error()) {
                throw BusError(fmt::format("AXI{}: {} of {} bytes at {:#x}: {}", port,
                                           command == tlm::TLM_READ_COMMAND ? "read" : "write",
                                           length, address, transaction.get_response_string()),
                               port);
            }
            address += length;
            bytes += length;
            count -= length;
        }
    }

    std::vector<std::uint32_t> fetch_stream(NpuModule& module) {
        const std::uint64_t size = word(qsize);
        if (size % 4 != 0 || size > largest_stream) {
            throw InvalidStream(
                fmt::format("QSIZE = {}: must be a multiple of 4 up to {}", size, largest_stream));
        }
        std::vector<std::uint8_t> bytes(size);
        transfer(module, tlm::TLM_READ_COMMAND, static_cast<int>(word(qconfig) >> 1 & 1U),
                 address40(qbase), bytes.data(), size);
        std::vector<std::uint32_t> words(size / 4);
        for (std::size_t i = 0; i < words.size(); ++i) {
            for (std::size_t byte = 4; byte-- > 0;) words[i] = words[i] << 8 | bytes[4 * i + byte];
        }
        return words;
    }

    /// Regions in, all commands' effects, and what they changed out again.
    void compute(NpuModule& module, const std::vector<stream::Command>& commands) {
        machine::functional::Executor executor(target.accelerator);
        auto& memory = executor.memory();
        const auto sizes = machine::functional::footprint(commands);
        std::array<std::vector<std::uint8_t>, machine::functional::region_count> before;
        for (std::size_t region = 0; region < sizes.size(); ++region) {
            before[region].resize(sizes[region]);
            transfer(module, tlm::TLM_READ_COMMAND, port_of(region), base(region),
                     before[region].data(), sizes[region]);
            memory.assign(static_cast<int>(region), before[region]);
        }
        executor.run(commands);
        for (std::size_t region = 0; region < sizes.size(); ++region) {
            write_changes(module, region, before[region], memory.bytes(static_cast<int>(region)));
        }
    }

    void write_changes(NpuModule& module, std::size_t region,
                       const std::vector<std::uint8_t>& before, std::vector<std::uint8_t>& after) {
        std::size_t at = 0;
        while (at < after.size()) {
            if (after[at] == before[at]) {
                ++at;
                continue;
            }
            std::size_t end = at + 1;
            while (end < after.size() && after[end] != before[end]) ++end;
            transfer(module, tlm::TLM_WRITE_COMMAND, port_of(region), base(region) + at,
                     after.data() + at, end - at);
            at = end;
        }
    }

    [[nodiscard]] std::uint64_t base(std::size_t region) {
        return address40(base_pointer + 8 * static_cast<unsigned>(region));
    }
};

NpuModule::NpuModule(sc_core::sc_module_name name, const Target& target)
    : sc_core::sc_module(name),
      axi0("axi0"),
      axi1("axi1"),
      control("control"),
      irq("irq"),
      state_(std::make_unique<State>(target)) {
    target.validate();
    state_->word(id) = architecture_id;
    state_->word(config) = config_word(target.accelerator);
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

void NpuModule::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& /*delay*/) {
    const std::uint64_t address = transaction.get_address();
    if (address % 4 != 0 || address >= register_end) {
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
    std::uint32_t& stored = state.word(static_cast<unsigned>(address));
    transaction.set_response_status(tlm::TLM_OK_RESPONSE);
    if (transaction.is_read()) {
        std::memcpy(transaction.get_data_ptr(), &stored, 4);
        return;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, transaction.get_data_ptr(), 4);
    switch (address) {
        case id:
        case status:
        case qread:
        case config:
            return;  // read-only
        case cmd:
            if ((value & clear_irq) != 0) state.word(status) &= ~std::uint32_t{irq_raised};
            if ((value & start) != 0 && !state.busy) {
                state.busy = true;
                state.word(status) = running;
                state.started.notify(sc_core::SC_ZERO_TIME);
            }
            state.status_changed.notify(sc_core::SC_ZERO_TIME);
            return;
        case reset:
            if (state.busy) {
                transaction.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
                return;
            }
            state.registers = {};
            state.word(id) = architecture_id;
            state.word(config) = config_word(state.target.accelerator);
            state.status_changed.notify(sc_core::SC_ZERO_TIME);
            return;
        default:
            stored = value;
    }
}

void NpuModule::run() {
    State& state = *state_;
    for (;;) {
        wait(state.started);
        std::uint32_t ended = irq_raised;
        state.error.clear();
        try {
            const std::vector<std::uint32_t> words = state.fetch_stream(*this);
            const auto commands = stream::decode(words, state.target.accelerator);
            Simulation simulation = machine::run_on_event_queue(
                commands, static_cast<std::int64_t>(words.size()), state.target, {});
            wait(static_cast<double>(simulation.total.count()) /
                     static_cast<double>(state.target.accelerator.clock.count()),
                 sc_core::SC_SEC);
            state.compute(*this, commands);
            state.last = std::move(simulation);
            state.word(qread) = state.word(qsize);
            ended |= stream_end;
        } catch (const BusError& error) {
            state.error = error.what();
            ended |= bus_abort | (error.port() == 1 ? std::uint32_t{fault_on_axi1} : 0U);
        } catch (const Error& error) {
            state.error = error.what();
            ended |= parse_error;
        }
        state.busy = false;
        state.word(status) = ended;
        state.status_changed.notify(sc_core::SC_ZERO_TIME);
    }
}

void NpuModule::drive_irq() { irq.write((state_->word(status) & irq_raised) != 0); }

}  // namespace u65sim
