// Two NPUs of different clocks on somebody's own interconnect, which knows b_transport and nothing
// else, in a simulation with a time resolution of its own.
#include <cstdint>
#include <cstdio>
#include <vector>

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/systemc/dram.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/systemc/sram.hpp>
#include <u65sim/zoo.hpp>

#include "npu_driver.hpp"

namespace {

constexpr std::uint64_t MiB = 1 << 20;

/// 20 ns a transaction; targets in the order in which they are bound.
class OwnBus : public sc_core::sc_module {
public:
    struct Range {
        std::uint64_t first, bytes;
    };
    tlm_utils::multi_passthrough_target_socket<OwnBus> from;
    tlm_utils::multi_passthrough_initiator_socket<OwnBus> to;

    OwnBus(sc_core::sc_module_name name, const std::vector<Range>& ranges)
        : sc_core::sc_module(name), from("from"), to("to"), ranges_(ranges) {
        from.register_b_transport(this, &OwnBus::b_transport);
        from.register_transport_dbg(this, &OwnBus::transport_dbg);
    }

private:
    int find(std::uint64_t address) const {
        for (std::size_t i = 0; i < ranges_.size(); ++i) {
            if (address - ranges_[i].first < ranges_[i].bytes) return static_cast<int>(i);
        }
        return -1;
    }
    void b_transport(int /*id*/, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        const std::uint64_t address = payload.get_address();
        const int target = find(address);
        if (target < 0) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        delay += sc_core::sc_time(20, sc_core::SC_NS);
        payload.set_address(address - ranges_[static_cast<std::size_t>(target)].first);
        to[target]->b_transport(payload, delay);
        payload.set_address(address);
    }
    unsigned transport_dbg(int /*id*/, tlm::tlm_generic_payload& payload) {
        const std::uint64_t address = payload.get_address();
        const int target = find(address);
        if (target < 0) return 0;
        payload.set_address(address - ranges_[static_cast<std::size_t>(target)].first);
        const unsigned bytes = to[target]->transport_dbg(payload);
        payload.set_address(address);
        return bytes;
    }

    std::vector<Range> ranges_;
};

}  // namespace

int sc_main(int, char**) {
    sc_core::sc_set_time_resolution(100, sc_core::SC_FS);

    auto fast = u65sim::Target::preset("u65-256");
    auto slow = fast;
    fast.set("accelerator.clock=800MHz");
    slow.set("accelerator.clock=300MHz");
    const auto network = u65sim::compile(u65sim::zoo("ds_cnn"), fast);
    const Bytes input(490, 7);

    u65sim::NpuModule::Settings blocking;
    for (u65sim::AxiProtocol& port : blocking.axi) {
        port.style = u65sim::AxiProtocol::Style::blocking;
    }
    u65sim::NpuModule npu0("npu0", fast, blocking), npu1("npu1", slow, blocking);
    u65sim::SramModule sram("sram", fast, 2 * MiB);
    u65sim::DramModule dram("dram", fast, 256 * MiB);
    OwnBus bus("bus", {{0x2000'0000, 2 * MiB},
                       {0x8000'0000, 256 * MiB},
                       {0x4A90'0000, u65sim::NpuModule::register_end},
                       {0x4AA0'0000, u65sim::NpuModule::register_end}});
    const auto addresses = [](std::uint64_t registers, std::uint64_t mine) {
        const std::uint64_t base = 0x8000'0000 + mine * 128 * MiB;
        return NpuAddresses{
            registers, base, {base + 16 * MiB, base + 32 * MiB, 0x2000'0000 + mine * MiB}};
    };
    NpuDriver driver0("cpu0", network, addresses(0x4A90'0000, 0), input);
    NpuDriver driver1("cpu1", network, addresses(0x4AA0'0000, 1), input);

    bus.to.bind(sram.socket);
    bus.to.bind(dram.socket);
    bus.to.bind(npu0.control);
    bus.to.bind(npu1.control);
    sc_core::sc_signal<bool> irq0("irq0"), irq1("irq1");
    for (u65sim::NpuModule* npu : {&npu0, &npu1}) {
        npu->axi0.bind(bus.from);
        npu->axi1.bind(bus.from);
    }
    driver0.bus.bind(bus.from);
    driver1.bus.bind(bus.from);
    npu0.irq.bind(irq0);
    npu1.irq.bind(irq1);
    driver0.irq.bind(irq0);
    driver1.irq.bind(irq1);
    sc_core::sc_start();

    const Bytes expected = u65sim::execute(network, fast, {input}).outputs.front();
    const bool equal = driver0.output == expected && driver1.output == expected;
    std::printf("800 MHz: %s, 300 MHz: %s, outputs %s\n", driver0.latency.to_string().c_str(),
                driver1.latency.to_string().c_str(), equal ? "as execute() has them" : "WRONG");
    return equal && driver1.latency > driver0.latency ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
