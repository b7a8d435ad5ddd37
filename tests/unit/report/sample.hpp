// A small network and its run, made by hand: two convolutions with a spilled map between them, a
// weight DMA before the second, and an operator left to the CPU.
#pragma once

#include <u65sim/report.hpp>

namespace u65sim::sample {

inline constexpr std::size_t index(Cause cause) { return static_cast<std::size_t>(cause); }
inline constexpr std::size_t index(Channel channel) { return static_cast<std::size_t>(channel); }

inline Target target() {
    Target target;
    target.sram.size = 384_KiB;
    target.off_chip.kind = "dram";
    target.off_chip.size = 32_MiB;
    target.off_chip.bandwidth = BytesPerCycle{15, 4};
    return target;
}

inline CompiledNetwork network() {
    CompiledNetwork network;
    network.name = "sample";
    network.producer = "by hand";
    network.target = target();
    for (const char* name : {"first", "second", "shuffle"}) {
        network.graph.operators.push_back({.name = name});
    }
    NpuSegment segment{.name = "npu_0", .stream = {target().accelerator, {1, 2, 3}}};
    // Placements: the map between, and what the second convolution makes.
    segment.labels = {{0, "first", "first", "CONV_2D", -1, {-1, -1, 0}},
                      {2, "second/weights", "second", "DMA"},
                      {4, "second", "second", "DEPTHWISE_CONV_2D", -1, {0, -1, 1}},
                      {5, "second/1", "second", "DEPTHWISE_CONV_2D", -1, {0, -1, 1}}};
    network.segments = {segment};
    network.cpu_operators = {{"shuffle", "TRANSPOSE", "no kernel for rank 5", 4000_B}};
    network.constants.assign(1000, 7);
    network.arena_size = 500_KiB;
    network.fast_size = 300_KiB;
    network.spills = {{.tensor = "between",
                       .size = 400_KiB,
                       .reason = "393,216 B arena full at second: needs 512,000 B",
                       .producer = "first",
                       .consumers = {"second"},
                       .offset = 64_KiB,
                       .placement = 0}};
    network.placements = {
        {"between", Placement::Kind::feature_map, region_arena, 64_KiB, 400_KiB, 0, 3},
        {"result", Placement::Kind::feature_map, region_arena, 0_B, 10_B, 2, 3}};
    network.macs = Macs{128'000};
    network.parameters = 900;
    network.file_size = 2000_B;
    network.encoded_weight_bytes = 800_B;
    return network;
}

inline Simulation simulation() {
    OperationRecord first{.command_index = 0, .kind = "CONV", .block = "8x16x32"};
    first.start = 10_cycles;
    first.end = 420_cycles;
    first.macs = Macs{100'000};
    first.mac_busy = 300_cycles;
    first.causes[index(Cause::mac)] = 300_cycles;
    first.causes[index(Cause::ofm_write)] = 100_cycles;
    first.ports[0].bytes[index(Channel::ifm)] = 3000_B;
    first.ports[1].bytes[index(Channel::ofm)] = 400_KiB;
    first.maps = {{region_fast, 0_B, 3000_B, 0_B}, {region_arena, 64_KiB, 0_B, 400_KiB}};

    OperationRecord dma{.command_index = 2, .is_dma = true, .kind = "DMA"};
    dma.start = 5_cycles;
    dma.end = 50_cycles;
    dma.ports[1].bytes[index(Channel::dma_read)] = 800_B;
    dma.ports[0].bytes[index(Channel::dma_write)] = 800_B;

    OperationRecord second{.command_index = 4, .kind = "DEPTHWISE", .block = "2x2x8"};
    second.start = 430_cycles;
    second.end = 600_cycles;
    second.macs = Macs{8'000};
    second.mac_busy = 40_cycles;
    second.causes[index(Cause::ifm_fetch)] = 200_cycles;
    second.ports[1].bytes[index(Channel::ifm)] = 200_KiB;
    second.maps = {{region_arena, 64_KiB, 200_KiB, 0_B}, {region_arena, 0_B, 0_B, 10_B}};
    OperationRecord third = second;
    third.command_index = 5;
    third.block = "4x4x8";
    third.start = 600_cycles;
    third.end = 1000_cycles;
    third.macs = Macs{20'000};
    third.mac_busy = 90_cycles;
    third.causes = {};
    third.causes[index(Cause::mac)] = 390_cycles;
    third.maps = {{region_arena, 264_KiB, 200_KiB, 0_B}, {region_arena, 0_B, 0_B, 10_B}};

    Simulation simulation;
    simulation.total = 1000_cycles;
    simulation.operations = {first, dma, second, third};
    for (const OperationRecord& operation : simulation.operations) {
        for (std::size_t i = 0; i < cause_count; ++i) simulation.causes[i] += operation.causes[i];
        for (std::size_t i = 0; i < 2; ++i) simulation.ports[i] += operation.ports[i];
    }
    simulation.causes[index(Cause::command_fetch)] = 10_cycles;
    simulation.pmu = {{"NPU_ACTIVE", 1000}, {"MAC_ACTIVE", 430}};
    simulation.segment_start = {0_cycles};
    return simulation;
}

inline Report report() { return make_report(network(), target(), simulation()); }

}  // namespace u65sim::sample
