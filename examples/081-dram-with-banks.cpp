// The same platform with a DRAM of banks, rows and refresh in place of a latency and a bandwidth:
// one channel of LPDDR4-3200, and how often its rows were open.
#include <cstdint>
#include <cstdio>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/systemc/banked_dram.hpp>
#include <u65sim/systemc/bus.hpp>
#include <u65sim/systemc/npu.hpp>
#include <u65sim/systemc/sram.hpp>
#include <u65sim/systemc/traffic.hpp>
#include <u65sim/zoo.hpp>

#include "npu_driver.hpp"

namespace {

constexpr std::uint64_t MiB = 1 << 20;
constexpr std::uint64_t sram_base = 0x2000'0000, sram_size = 1 * MiB;
constexpr std::uint64_t npu_base = 0x4A90'0000;
constexpr std::uint64_t dram_base = 0x8000'0000;

enum Initiator { cpu, npu_axi0, npu_axi1, others, initiators };
enum Destination { sram, dram, registers, destinations };

}  // namespace

int sc_main(int, char**) {
    const auto target = u65sim::Target::preset("u65-256");
    const auto network = u65sim::compile(u65sim::zoo("ds_cnn"), target);
    const Bytes input(490, 7);

    const auto lpddr4 = u65sim::BankedDramParameters::preset("lpddr4-3200-x16");
    u65sim::BankedDramModule dram_memory("dram", lpddr4);

    u65sim::BusParameters parameters;
    parameters.initiators = initiators;
    parameters.targets = destinations;
    parameters.map = {{sram_base, sram_size, sram},
                      {dram_base, lpddr4.size(), dram},
                      {npu_base, u65sim::NpuModule::register_end, registers}};
    u65sim::BusModule bus("bus", parameters);

    u65sim::TrafficParameters random;  // half of the DRAM's bandwidth, without any order
    random.bytes_per_second = 3.2e9;
    random.pattern = u65sim::TrafficPattern::random;
    random.read_share = 0.7;
    random.first = dram_base + 64 * MiB;
    random.bytes = 64 * MiB;
    u65sim::TrafficModule traffic("others", random);

    u65sim::SramModule sram_memory("sram", target, sram_size);
    u65sim::NpuModule npu("npu", target);
    const NpuAddresses addresses{
        npu_base, dram_base, {dram_base + 16 * MiB, dram_base + 32 * MiB, sram_base}};
    NpuDriver driver("cpu", network, addresses, input);

    driver.bus.bind(bus.in[cpu]);
    npu.axi0.bind(bus.in[npu_axi0]);
    npu.axi1.bind(bus.in[npu_axi1]);
    traffic.socket.bind(bus.in[others]);
    bus.out[sram].bind(sram_memory.socket);
    bus.out[dram].bind(dram_memory.socket);
    bus.out[registers].bind(npu.control);
    sc_core::sc_signal<bool> irq("irq");
    npu.irq.bind(irq);
    driver.irq.bind(irq);
    driver.on_finish = [&] { traffic.stop(); };
    sc_core::sc_start();

    const bool equal = driver.output == u65sim::execute(network, target, {input}).outputs.front();
    const u65sim::DramStatistics rows = dram_memory.statistics();
    std::printf("NPU: %s, output %s\n", driver.latency.to_string().c_str(),
                equal ? "as execute() has it" : "WRONG");
    std::printf("DRAM: rows open %lld, closed %lld, others %lld; %lld refreshes\n",
                static_cast<long long>(rows.row_hits), static_cast<long long>(rows.row_misses),
                static_cast<long long>(rows.row_conflicts), static_cast<long long>(rows.refreshes));
    return equal && npu.last_error().empty() ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
