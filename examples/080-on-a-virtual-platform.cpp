// The NPU in a SystemC platform: a memory, a bus of two masters, and a driver that starts a
// compiled stream through the control registers and takes the interrupt.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/zoo.hpp>

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Memory behind two target sockets: one for each AXI port.
class Memory : public sc_core::sc_module {
public:
    tlm_utils::simple_target_socket<Memory> port0, port1;

    Memory(sc_core::sc_module_name name, std::size_t size)
        : sc_core::sc_module(name), port0("port0"), port1("port1"), bytes(size) {
        port0.register_b_transport(this, &Memory::b_transport);
        port1.register_b_transport(this, &Memory::b_transport);
    }

    Bytes bytes;

private:
    void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& /*delay*/) {
        const std::uint64_t address = transaction.get_address();
        const std::uint64_t length = transaction.get_data_length();
        if (address > bytes.size() || length > bytes.size() - address) {
            transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        std::uint8_t* here = bytes.data() + address;
        if (transaction.is_read()) {
            std::memcpy(transaction.get_data_ptr(), here, length);
        } else {
            std::memcpy(here, transaction.get_data_ptr(), length);
        }
        transaction.set_response_status(tlm::TLM_OK_RESPONSE);
    }
};

/// What a driver does: place stream, constants and input, write the registers, wait.
class Driver : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<Driver> npu;
    sc_core::sc_in<bool> irq;

    Driver(sc_core::sc_module_name name, const u65sim::CompiledNetwork& network, Bytes& memory,
           const Bytes& input)
        : sc_core::sc_module(name), network_(network), memory_(memory), input_(input) {
        SC_HAS_PROCESS(Driver);
        SC_THREAD(run);
    }

    Bytes output;

private:
    void write(unsigned address, std::uint32_t value) {
        tlm::tlm_generic_payload transaction;
        transaction.set_command(tlm::TLM_WRITE_COMMAND);
        transaction.set_address(address);
        transaction.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
        transaction.set_data_length(4);
        transaction.set_streaming_width(4);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        npu->b_transport(transaction, delay);
    }

    [[nodiscard]] const u65sim::Binding& place_of(u65sim::TensorId tensor) const {
        return *std::find_if(network_.bindings.begin(), network_.bindings.end(),
                             [&](const u65sim::Binding& b) { return b.tensor == tensor; });
    }

    void run() {
        using Npu = u65sim::NpuModule;
        const auto& words = network_.segments.front().stream.words;
        constexpr std::uint32_t queue = 0x0000'0000;
        constexpr std::uint32_t bases[] = {0x0100'0000, 0x0200'0000, 0x0300'0000};
        std::memcpy(memory_.data() + queue, words.data(), words.size() * 4);
        std::copy(network_.constants.begin(), network_.constants.end(),
                  memory_.begin() + bases[u65sim::region_constants]);
        const auto& in = place_of(network_.graph.inputs.front());
        std::copy(input_.begin(), input_.end(),
                  memory_.begin() + bases[in.region] + in.offset.count());

        write(Npu::qbase, queue);
        write(Npu::qsize, static_cast<std::uint32_t>(words.size() * 4));
        write(Npu::qconfig, 2);  // commands over AXI1
        // Region 2, the fast memory, is behind AXI0; the others are behind AXI1.
        write(Npu::region_config, 0b10'00'10'10);
        for (unsigned region = 0; region < 3; ++region) {
            write(Npu::base_pointer + 8 * region, bases[region]);
        }
        write(Npu::cmd, 1);
        wait(irq.posedge_event());
        write(Npu::cmd, 2);  // clear the interrupt

        const auto& out = place_of(network_.graph.outputs.front());
        const auto first = memory_.begin() + bases[out.region] + out.offset.count();
        output.assign(first, first + 12);
    }

    const u65sim::CompiledNetwork& network_;
    Bytes& memory_;
    const Bytes& input_;
};

}  // namespace

int sc_main(int, char**) {
    const auto target = u65sim::Target::preset("u65-256");
    const auto network = u65sim::compile(u65sim::zoo("ds_cnn"), target);
    Bytes input(490);
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(37 * i);

    u65sim::NpuModule npu("npu", target);
    Memory memory("memory", 64 << 20);
    Driver driver("driver", network, memory.bytes, input);
    sc_core::sc_signal<bool> irq("irq");
    npu.axi0.bind(memory.port0);
    npu.axi1.bind(memory.port1);
    driver.npu.bind(npu.control);
    npu.irq.bind(irq);
    driver.irq.bind(irq);
    sc_core::sc_start();

    const bool equal = driver.output == u65sim::execute(network, target, {input}).outputs.front();
    std::printf("interrupt at %s, %lld cycles, output %s\n",
                sc_core::sc_time_stamp().to_string().c_str(),
                static_cast<long long>(npu.last_run().total.count()),
                equal ? "as execute() has it" : "WRONG");
    return equal && npu.last_error().empty() ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
