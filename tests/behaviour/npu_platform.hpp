// A platform around NpuModule: a driver, a checker in each socket, and memories of any kind.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/systemc/dram.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/systemc/protocol_checker.hpp>
#include <u65sim/systemc/sram.hpp>

#include "unit/machine/platform_rig.hpp"

namespace npu_test {

using namespace u65sim;
using platform_test::FreshSimulation;

/// Where things are on the platform, the same address on both ports.
inline constexpr std::uint64_t queue = 0x0000'0000;
inline constexpr std::array<std::uint64_t, 3> bases{0x0100'0000, 0x0200'0000, 0x0300'0000};
inline constexpr std::uint64_t memory_size = 0x0400'0000;

/// The bytes behind both ports, whichever modules move them.
using Image = std::vector<std::uint8_t>;

/// A target that does as told; four phases unless `blocking_only`.
class TestTarget : public sc_core::sc_module {
public:
    tlm_utils::passthrough_target_socket<TestTarget> socket{"socket"};

    TestTarget(sc_core::sc_module_name name, Image& image)
        : sc_core::sc_module(name),
          image_(&image),
          port_("phases", {[this](tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                  sc_core::sc_time& delay) {
                               return socket->nb_transport_bw(payload, phase, delay);
                           },
                           [this](tlm::tlm_generic_payload& payload) { arrived(payload); },
                           [](tlm::tlm_generic_payload&) {}}),
          agenda_("agenda", [] {}) {
        socket.register_nb_transport_fw(this, &TestTarget::nb_transport_fw);
        socket.register_b_transport(this, &TestTarget::b_transport);
        socket.register_transport_dbg(this, &TestTarget::transport_dbg);
    }

    std::function<sc_core::sc_time()> accept = [] { return sc_core::SC_ZERO_TIME; };
    std::function<sc_core::sc_time()> latency = [] { return platform_test::ns(100); };
    std::function<void(const tlm::tlm_generic_payload&)> look;  ///< at each request
    std::int64_t fails_at = -1;  ///< the request of this number; below 0: none
    bool blocking_only = false, waits = false, debug = true;
    std::int64_t requests = 0, in_flight = 0, most_in_flight = 0;

private:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) {
        if (blocking_only) FAIL("the target has no nb_transport_fw");
        return port_.forward(payload, phase, delay);
    }
    void arrived(tlm::tlm_generic_payload& payload) {
        const sc_core::sc_time now = sc_core::sc_time_stamp();
        const sc_core::sc_time taken = now + accept();
        const sc_core::sc_time answer = std::max(taken, now + latency());
        most_in_flight = std::max(most_in_flight, ++in_flight);
        if (taken < answer) agenda_.at(taken, [this, &payload] { port_.end_request(payload); });
        agenda_.at(answer, [this, &payload] {
            access(payload);
            --in_flight;
            port_.respond(payload);
        });
    }
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        most_in_flight = std::max(most_in_flight, ++in_flight);
        if (waits) {
            wait(delay + latency());
            delay = sc_core::SC_ZERO_TIME;
        } else {
            delay += latency();
        }
        --in_flight;
        access(payload);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) {
        if (!debug) return 0;
        move(payload);
        return payload.get_data_length();
    }
    void access(tlm::tlm_generic_payload& payload) {
        if (look) look(payload);
        const bool holds = payload.get_address() + payload.get_data_length() <= image_->size();
        if (requests++ == fails_at || !holds) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        move(payload);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    void move(const tlm::tlm_generic_payload& payload) {
        std::uint8_t* here = image_->data() + payload.get_address();
        for (unsigned i = 0; i < payload.get_data_length(); ++i) {
            if (payload.get_byte_enable_ptr() != nullptr &&
                payload.get_byte_enable_ptr()[i % payload.get_byte_enable_length()] == 0) {
                continue;
            }
            if (payload.is_write()) here[i] = payload.get_data_ptr()[i];
            if (payload.is_read()) payload.get_data_ptr()[i] = here[i];
        }
    }

    Image* image_;
    machine::AtTarget port_;
    machine::Agenda agenda_;
};

/// Two TestTargets on one image.
struct TestMemories {
    explicit TestMemories(const Target& /*target*/) {}
    Image image = Image(memory_size);
    TestTarget target0{"target0", image}, target1{"target1", image};
    auto& socket0() { return target0.socket; }
    auto& socket1() { return target1.socket; }
    void write(std::uint64_t address, const void* bytes, std::size_t count) {
        std::memcpy(image.data() + address, bytes, count);
    }
    void read(int /*region*/, std::uint64_t address, void* bytes, std::size_t count) const {
        std::memcpy(bytes, image.data() + address, count);
    }
};

/// The library's memories, with the timing of a target.
struct DefaultMemories {
    explicit DefaultMemories(const Target& target)
        : sram("sram", target, memory_size), dram("dram", target, memory_size) {}
    SramModule sram;
    DramModule dram;
    auto& socket0() { return sram.socket; }
    auto& socket1() { return dram.socket; }
    void write(std::uint64_t address, const void* bytes, std::size_t count) {
        sram.write(address, bytes, count);
        dram.write(address, bytes, count);
    }
    void read(int region, std::uint64_t address, void* bytes, std::size_t count) const {
        region == 2 ? sram.read(address, bytes, count) : dram.read(address, bytes, count);
    }
};

/// A network on the NPU, with `Memories` of `memory_target` behind it. `network` must outlive it.
template <class Memories>
class Platform {
public:
    Platform(const CompiledNetwork& network, const Target& target,
             const NpuModule::Settings& settings = {})
        : Platform(network, target, settings, target) {}
    Platform(const CompiledNetwork& network, const Target& target,
             const NpuModule::Settings& settings, const Target& memory_target)
        : network_(&network), npu("npu", target, settings), memories(memory_target) {
        npu.axi0.bind(checker0.in);
        npu.axi1.bind(checker1.in);
        checker0.out.bind(memories.socket0());
        checker1.out.bind(memories.socket1());
        driver_.socket.bind(npu.control);
        npu.irq.bind(irq);
    }

    /// Places stream, constants and input, and writes the registers.
    void prepare(const Image& input) {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        place_stream(0);
        memories.write(bases[region_constants], network_->constants.data(),
                       network_->constants.size());
        place_input(input);
        set_registers();
    }
    /// That of one segment, for the next run.
    void place_stream(std::size_t segment) {
        words_ = &network_->segments[segment].stream.words;
        memories.write(queue, words_->data(), words_->size() * 4);
    }
    void place_input(const Image& input) {
        memories.write(place(network_->graph.inputs.front()), input.data(), input.size());
    }
    void set_registers() {
        write(NpuModule::qbase, queue);
        write(NpuModule::qsize, static_cast<std::uint32_t>(words_->size() * 4));
        write(NpuModule::qconfig, 2);
        // Region 2, the fast memory, is behind AXI0; the others are behind AXI1.
        write(NpuModule::region_config, 0b10'00'10'10);
        for (unsigned region = 0; region < bases.size(); ++region) {
            write(NpuModule::base_pointer + 8 * region, static_cast<std::uint32_t>(bases[region]));
        }
    }
    /// Starts a run and lets time pass until nothing happens any more.
    void run() {
        write(NpuModule::cmd, NpuModule::start);
        sc_core::sc_start();
    }
    void run_for(double nanoseconds) {
        write(NpuModule::cmd, NpuModule::start);
        sc_core::sc_start(platform_test::ns(nanoseconds));
    }

    void write(unsigned address, std::uint32_t value) {
        access(tlm::TLM_WRITE_COMMAND, address, value);
    }
    std::uint32_t read(unsigned address) {
        std::uint32_t value = 0;
        access(tlm::TLM_READ_COMMAND, address, value);
        return value;
    }
    [[nodiscard]] const Binding& binding(TensorId tensor) const {
        return *std::find_if(network_->bindings.begin(), network_->bindings.end(),
                             [&](const Binding& each) { return each.tensor == tensor; });
    }
    [[nodiscard]] std::uint64_t place(TensorId tensor) const {
        const Binding& found = binding(tensor);
        return bases[static_cast<std::size_t>(found.region)] +
               static_cast<std::uint64_t>(found.offset.count());
    }
    [[nodiscard]] Image output(std::size_t bytes) const {
        const TensorId tensor = network_->graph.outputs.front();
        Image result(bytes);
        memories.read(binding(tensor).region, place(tensor), result.data(), bytes);
        return result;
    }
    std::string violations() {
        return platform_test::violations(checker0) + platform_test::violations(checker1);
    }

private:
    struct Driver : sc_core::sc_module {
        explicit Driver(sc_core::sc_module_name name) : sc_core::sc_module(name) {}
        tlm_utils::simple_initiator_socket<Driver> socket{"socket"};
    };
    void access(tlm::tlm_command command, unsigned address, std::uint32_t& value) {
        tlm::tlm_generic_payload payload;
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
        payload.set_data_length(4);
        payload.set_streaming_width(4);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        driver_.socket->b_transport(payload, delay);
        REQUIRE(payload.is_response_ok());
    }

    FreshSimulation simulation_;
    const CompiledNetwork* network_;
    const std::vector<std::uint32_t>* words_ = nullptr;

public:
    NpuModule npu;
    Memories memories;
    ProtocolChecker checker0{"checker0", false}, checker1{"checker1", false};
    sc_core::sc_signal<bool> irq{"irq"};

private:
    Driver driver_{"driver"};
};

}  // namespace npu_test
