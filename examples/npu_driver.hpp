// What the examples of platforms share: a CPU that starts a compiled network on an NPU through its
// registers, over whatever bus it is bound to, and waits for the interrupt.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/systemc/npu.hpp>

using Bytes = std::vector<std::uint8_t>;

/// Where on the platform things are: byte addresses as the CPU sees them.
struct NpuAddresses {
    std::uint64_t registers = 0;
    std::uint64_t queue = 0;                 ///< the command stream
    std::array<std::uint64_t, 3> regions{};  ///< constants, arena, fast memory
};

class NpuDriver : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<NpuDriver> bus;
    sc_core::sc_in<bool> irq;

    NpuDriver(sc_core::sc_module_name name, const u65sim::CompiledNetwork& network,
              const NpuAddresses& at, const Bytes& input)
        : sc_core::sc_module(name),
          bus("bus"),
          irq("irq"),
          network_(network),
          at_(at),
          input_(input) {
        SC_HAS_PROCESS(NpuDriver);
        SC_THREAD(run);
    }

    Bytes output;
    sc_core::sc_time latency;         ///< from the start of the run to the interrupt
    std::function<void()> on_finish;  ///< called when the output has been read

private:
    void run() {
        using Npu = u65sim::NpuModule;
        const auto& words = network_.segments.front().stream.words;
        load(at_.queue, words.data(), words.size() * 4);
        load(at_.regions[u65sim::region_constants], network_.constants.data(),
             network_.constants.size());
        load(place_of(network_.graph.inputs.front()), input_.data(), input_.size());

        write64(Npu::qbase, at_.queue);
        write(Npu::qsize, static_cast<std::uint32_t>(words.size() * 4));
        write(Npu::qconfig, 2);  // commands over AXI1
        // Region 2, the fast memory, is behind AXI0; the others are behind AXI1.
        write(Npu::region_config, 0b10'00'10'10);
        for (unsigned region = 0; region < at_.regions.size(); ++region) {
            write64(Npu::base_pointer + 8 * region, at_.regions[region]);
        }
        const sc_core::sc_time start = sc_core::sc_time_stamp();
        write(Npu::cmd, 1);
        wait(irq.posedge_event());
        latency = sc_core::sc_time_stamp() - start;
        write(Npu::cmd, 2);  // clear the interrupt

        const u65sim::TensorId result = network_.graph.outputs.front();
        const u65sim::Tensor& tensor = network_.graph.tensors[static_cast<std::size_t>(result)];
        output.resize(static_cast<std::size_t>(u65sim::element_count(tensor.shape) *
                                               u65sim::element_bytes(tensor.type)));
        transfer(tlm::TLM_READ_COMMAND, place_of(result), output.data(), output.size());
        if (on_finish) on_finish();
    }

    void write(unsigned address, std::uint32_t value) {
        transfer(tlm::TLM_WRITE_COMMAND, at_.registers + address,
                 reinterpret_cast<std::uint8_t*>(&value), 4);
    }
    void write64(unsigned address, std::uint64_t value) {
        write(address, static_cast<std::uint32_t>(value));
        write(address + 4, static_cast<std::uint32_t>(value >> 32));
    }

    /// Over the bus, in the time that it takes.
    void transfer(tlm::tlm_command command, std::uint64_t address, std::uint8_t* bytes,
                  std::size_t count) {
        tlm::tlm_generic_payload payload;
        fill(payload, command, address, bytes, count);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        bus->b_transport(payload, delay);
        wait(delay);
        if (payload.is_response_error()) {
            SC_REPORT_ERROR("driver", payload.get_response_string().c_str());
        }
    }
    /// As a loader does, in no time.
    void load(std::uint64_t address, const void* bytes, std::size_t count) {
        constexpr std::size_t most = 4096;
        for (std::size_t done = 0; done < count; done += most) {
            const std::size_t here = std::min(most, count - done);
            Bytes copy(here);
            std::memcpy(copy.data(), static_cast<const char*>(bytes) + done, here);
            tlm::tlm_generic_payload payload;
            fill(payload, tlm::TLM_WRITE_COMMAND, address + done, copy.data(), here);
            if (bus->transport_dbg(payload) != here)
                SC_REPORT_ERROR("driver", "nothing to load to");
        }
    }
    static void fill(tlm::tlm_generic_payload& payload, tlm::tlm_command command,
                     std::uint64_t address, std::uint8_t* bytes, std::size_t count) {
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(bytes);
        payload.set_data_length(static_cast<unsigned>(count));
        payload.set_streaming_width(static_cast<unsigned>(count));
    }

    [[nodiscard]] std::uint64_t place_of(u65sim::TensorId tensor) const {
        const auto binding =
            std::find_if(network_.bindings.begin(), network_.bindings.end(),
                         [&](const u65sim::Binding& each) { return each.tensor == tensor; });
        return at_.regions[static_cast<std::size_t>(binding->region)] +
               static_cast<std::uint64_t>(binding->offset.count());
    }

    const u65sim::CompiledNetwork& network_;
    NpuAddresses at_;
    const Bytes& input_;
};
