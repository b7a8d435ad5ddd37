// The NPU in a SystemC platform: a bus, two memories, a CPU that starts a compiled network through
// registers and takes the interrupt, and a display that reads the same DRAM all the time.
#include <cstdint>
#include <cstdio>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/systemc/bus.hpp>
#include <u65sim/systemc/dram.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/systemc/sram.hpp>
#include <u65sim/systemc/traffic.hpp>
#include <u65sim/zoo.hpp>

#include "npu_driver.hpp"

namespace {

constexpr std::uint64_t MiB = 1 << 20;
constexpr std::uint64_t sram_base = 0x2000'0000, sram_size = 1 * MiB;
constexpr std::uint64_t npu_base = 0x4A90'0000;
constexpr std::uint64_t dram_base = 0x8000'0000, dram_size = 64 * MiB;
constexpr std::uint64_t frame_base = dram_base + 48 * MiB;

enum Initiator { cpu, npu_axi0, npu_axi1, display, initiators };
enum Destination { sram, dram, registers, destinations };

u65sim::BusParameters bus_parameters() {
    u65sim::BusParameters bus;
    bus.initiators = initiators;
    bus.targets = destinations;
    bus.map = {{sram_base, sram_size, sram},
               {dram_base, dram_size, dram},
               {npu_base, u65sim::NpuModule::register_end, registers}};
    bus.bandwidth = u65sim::BytesPerCycle{16, 1};
    bus.latency = u65sim::Cycles{4};
    return bus;
}

u65sim::TrafficParameters display_parameters() {
    u65sim::TrafficParameters reads;
    reads.bytes_per_second = 0.5e9;
    reads.burst = 64;
    reads.first = frame_base;
    reads.bytes = 8 * MiB;
    return reads;
}

}  // namespace

int sc_main(int, char**) {
    const auto target = u65sim::Target::preset("u65-256");
    const auto network = u65sim::compile(u65sim::zoo("ds_cnn"), target);
    Bytes input(490);
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(37 * i);

    u65sim::BusModule bus("bus", bus_parameters());
    u65sim::SramModule sram_memory("sram", target, sram_size);
    u65sim::DramModule dram_memory("dram", target, dram_size);
    u65sim::NpuModule npu("npu", target);
    u65sim::TrafficModule screen("display", display_parameters());
    const NpuAddresses addresses{
        npu_base, dram_base, {dram_base + 16 * MiB, dram_base + 32 * MiB, sram_base}};
    NpuDriver driver("cpu", network, addresses, input);

    driver.bus.bind(bus.in[cpu]);
    npu.axi0.bind(bus.in[npu_axi0]);
    npu.axi1.bind(bus.in[npu_axi1]);
    screen.socket.bind(bus.in[display]);
    bus.out[sram].bind(sram_memory.socket);
    bus.out[dram].bind(dram_memory.socket);
    bus.out[registers].bind(npu.control);
    sc_core::sc_signal<bool> irq("irq");
    npu.irq.bind(irq);
    driver.irq.bind(irq);

    // The display never ends: the run does when the driver has its output.
    driver.on_finish = [&] { screen.stop(); };
    sc_core::sc_start();

    const bool equal = driver.output == u65sim::execute(network, target, {input}).outputs.front();
    const u65sim::TrafficStatistics& seen = screen.statistics();
    std::printf("NPU: %s, %lld cycles, output %s\n", driver.latency.to_string().c_str(),
                static_cast<long long>(npu.last_run().total.count()),
                equal ? "as execute() has it" : "WRONG");
    std::printf("display: %llu bytes, %s a read on average, %s at most\n",
                static_cast<unsigned long long>(seen.bytes_read),
                seen.mean_latency().to_string().c_str(), seen.most_latency.to_string().c_str());
    return equal && npu.last_error().empty() && seen.errors == 0 ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
