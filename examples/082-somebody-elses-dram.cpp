// A DRAM simulator that is not ours behind the NPU's second port, bound over its TLM-2.0 socket. It
// wants whole bursts within one channel: the port is told so, and nothing is patched.
#include <cstdint>
#include <cstdio>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/systemc/bus.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/systemc/protocol_checker.hpp>
#include <u65sim/systemc/sram.hpp>
#include <u65sim/zoo.hpp>

#include "foreign_dram.hpp"
#include "npu_driver.hpp"

namespace {

constexpr std::uint64_t MiB = 1 << 20;
constexpr std::uint64_t npu_base = 0x4A90'0000;
constexpr std::uint64_t dram_base = 0x8000'0000, dram_size = 64 * MiB;

enum Initiator { cpu, npu_axi1, initiators };
enum Destination { dram, registers, destinations };

}  // namespace

int sc_main(int, char**) {
    const auto target = u65sim::Target::preset("u65-256");
    const auto network = u65sim::compile(u65sim::zoo("ds_cnn"), target);
    const Bytes input(490, 7);

    // What this memory wants of each payload.
    u65sim::AxiProtocol whole_bursts;
    whole_bursts.style = u65sim::AxiProtocol::Style::four_phases;
    whole_bursts.whole = ForeignDram::burst;       // aligned, and a multiple of it
    whole_bursts.boundary = ForeignDram::channel;  // within one channel
    whole_bursts.largest_payload = 64;             // one burst a payload
    whole_bursts.byte_enables = false;             // it takes none: writes come filled up
    u65sim::NpuModule::Settings settings;
    settings.axi[1] = whole_bursts;
    u65sim::NpuModule npu("npu", target, settings);

    ForeignDram foreign("foreign", dram_size);
    u65sim::ProtocolChecker checker("checker");
    u65sim::SramModule sram_memory("sram", target, 1 * MiB);

    u65sim::BusParameters parameters;
    parameters.initiators = initiators;
    parameters.targets = destinations;
    parameters.map = {{dram_base, dram_size, dram},
                      {npu_base, u65sim::NpuModule::register_end, registers}};
    u65sim::BusModule bus("bus", parameters);

    const NpuAddresses addresses{
        npu_base, dram_base, {dram_base + 16 * MiB, dram_base + 32 * MiB, 0}};
    NpuDriver driver("cpu", network, addresses, input);
    driver.bus.bind(bus.in[cpu]);
    npu.axi0.bind(sram_memory.socket);  // nobody else uses it: no bus
    npu.axi1.bind(bus.in[npu_axi1]);
    bus.out[dram].bind(checker.in);
    checker.out.bind(foreign.tSocket);
    bus.out[registers].bind(npu.control);
    sc_core::sc_signal<bool> irq("irq");
    npu.irq.bind(irq);
    driver.irq.bind(irq);
    sc_core::sc_start();

    checker.finish();
    const bool equal = driver.output == u65sim::execute(network, target, {input}).outputs.front();
    std::printf("NPU: %s, %llu bursts, output %s, %zu violations of the protocol\n",
                driver.latency.to_string().c_str(), static_cast<unsigned long long>(foreign.bursts),
                equal ? "as execute() has it" : "WRONG", checker.violations().size());
    return equal && npu.last_error().empty() && checker.violations().empty() ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
