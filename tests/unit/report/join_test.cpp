#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <u65sim/error.hpp>

#include "unit/report/sample.hpp"

using namespace u65sim;

TEST_CASE("A network of which the NPU runs nothing has no latency, whatever its host time") {
    CompiledNetwork network = sample::network();
    network.segments.clear();
    network.spills.clear();
    Target target = sample::target();
    target.host = {.driver_call_us = 0.0, .cpu_operator_us = 20.0, .cpu_bytes_per_us = 0.0};
    const Report report = make_report(network, target, Simulation{});
    CHECK_FALSE(report.runs_on_npu());
    CHECK(report.npu_share() == 0.0);
    CHECK_THROWS_AS(static_cast<void>(report.latency_ms()), NothingOnNpu);
    CHECK_THROWS_WITH(static_cast<void>(report.latency_ms()),
                      Catch::Contains("no kernel for rank 5"));
    CHECK(report.to_json().find("\"latency_ms\": null") != std::string::npos);
    CHECK(report.to_text().find("none: nothing of this network runs on the NPU") !=
          std::string::npos);
}

TEST_CASE("Of many notes on a file a report shows some, and says how many more there are") {
    CompiledNetwork network = sample::network();
    const std::size_t before =
        make_report(network, sample::target(), sample::simulation()).assumptions.size();
    for (int i = 0; i < 500; ++i) network.graph.notes.push_back("note " + std::to_string(i));
    const Report report = make_report(network, sample::target(), sample::simulation());
    CHECK(report.assumptions.size() == before + 21);
    CHECK(std::count(report.assumptions.begin(), report.assumptions.end(), "note 19") == 1);
    CHECK(report.to_text().find("480 more notes on the file") != std::string::npos);
}

TEST_CASE("The share on the NPU is of MACs, or of operators where there are none") {
    CompiledNetwork network = sample::network();
    network.macs = Macs{1000};
    network.cpu_operators[0].macs = Macs{250};
    const Report report = make_report(network, sample::target(), sample::simulation());
    CHECK(report.npu_share() == Approx(0.75));
    CHECK(report.model.npu_macs == Macs{750});
    CHECK(report.to_text().find("75.0 % of the MACs") != std::string::npos);

    network.macs = network.cpu_operators[0].macs = Macs{0};
    const Report without = make_report(network, sample::target(), sample::simulation());
    const double npu = without.model.npu_operators;
    CHECK(without.npu_share() == Approx(npu / (npu + 1.0)));
}

TEST_CASE("Kernels of one operator make one row, a DMA counting with the operator it serves") {
    const Report report = sample::report();
    REQUIRE(report.operators.size() == 2);
    const OperatorReport& first = report.operators[0];
    CHECK(first.name == "first");
    CHECK(first.type == "CONV_2D");
    CHECK(first.cycles == 400_cycles);
    CHECK(first.bound_by == Cause::mac);
    CHECK(first.mac_utilization == Approx(100'000.0 / (256.0 * 400.0)));
    CHECK(first.sram_bytes == 3000_B);
    CHECK(first.dram_bytes == 400_KiB);

    const OperatorReport& second = report.operators[1];
    CHECK(second.name == "second");
    CHECK(second.type == "DEPTHWISE_CONV_2D");
    CHECK(second.kernels == 2);
    CHECK(second.dmas == 1);
    CHECK(second.start_cycle == 430_cycles);
    CHECK(second.end_cycle == 1000_cycles);
    CHECK(second.macs == Macs{28'000});
    CHECK(second.block == "4x4x8");
    CHECK(second.stalls[sample::index(Cause::ifm_fetch)] == 200_cycles);
    CHECK(second.cycles == 590_cycles);
}

TEST_CASE("The largest cause over all kernels of an operator bounds it") {
    Simulation simulation = sample::simulation();
    simulation.operations[3].causes[sample::index(Cause::mac)] = 150_cycles;
    const Report report = make_report(sample::network(), sample::target(), simulation);
    CHECK(report.operators[1].bound_by == Cause::ifm_fetch);
}

TEST_CASE("A stream without labels gives a row a kernel, the DMAs before it counted with it") {
    CompiledNetwork network = sample::network();
    network.segments[0].labels.clear();
    const Report report = make_report(network, sample::target(), sample::simulation());
    REQUIRE(report.operators.size() == 3);
    CHECK(report.operators[0].type == "CONV");
    CHECK(report.operators[1].dmas == 1);
    CHECK(report.operators[1].kernels == 1);
    CHECK(report.operators[2].dmas == 0);
    CHECK(report.operators[0].name != report.operators[1].name);
}

TEST_CASE("A DMA behind the last kernel of an unlabelled stream keeps a row of its own") {
    CompiledNetwork network = sample::network();
    network.segments[0].labels.clear();
    Simulation simulation = sample::simulation();
    std::swap(simulation.operations[1], simulation.operations[3]);
    const Report report = make_report(network, sample::target(), simulation);
    REQUIRE(report.operators.size() == 4);
    CHECK(report.operators[3].type == "DMA");
    CHECK(report.operators[3].dram_bytes == 800_B);
}

TEST_CASE("A spill costs what kernels write to its map and read from it") {
    const Report report = sample::report();
    REQUIRE(report.spills.size() == 1);
    const SpillEvent& spill = report.spills[0];
    CHECK(spill.tensor == "between");
    CHECK(spill.bytes == 400_KiB);
    CHECK(spill.start_cycle == 10_cycles);
    CHECK(spill.dram_write_bytes == 400_KiB);
    CHECK(spill.dram_read_bytes == 400_KiB);  // two slices of 200 KiB
}

TEST_CASE("Another map at a spilled map's address is not the spill's traffic") {
    CompiledNetwork network = sample::network();
    network.placements.push_back(network.placements[0]);
    for (CommandLabel& label : network.segments[0].labels) {
        if (label.maps[0] == 0) label.maps[0] = 2;
    }
    const Report report = make_report(network, sample::target(), sample::simulation());
    CHECK(report.spills[0].dram_read_bytes == 0_B);
    CHECK(report.spills[0].dram_write_bytes == 400_KiB);
}

TEST_CASE("Memory use follows the memory mode") {
    CompiledNetwork network = sample::network();
    Target target = sample::target();
    const Bytes model = 1000_B + 12_B;  // constants and three command words
    SECTION("dedicated: constants and arena off chip, fast storage in SRAM") {
        const Report report = make_report(network, target, sample::simulation());
        CHECK(report.sram.peak == 300_KiB);
        CHECK(report.dram_model_bytes == model);
        CHECK(report.dram_activation_bytes == 500_KiB);
        CHECK(report.dram.peak == model + 500_KiB);
    }
    SECTION("shared: the arena in SRAM") {
        target.memory_mode = MemoryMode::shared_sram;
        network.fast_size = 0_B;
        const Report report = make_report(network, target, sample::simulation());
        CHECK(report.sram.peak == 500_KiB);
        CHECK(report.dram.peak == model);
    }
    SECTION("SRAM only: everything there") {
        target.memory_mode = MemoryMode::sram_only;
        network.fast_size = 0_B;
        const Report report = make_report(network, target, sample::simulation());
        CHECK(report.sram.peak == model + 500_KiB);
        CHECK(report.dram.peak == 0_B);
    }
}

TEST_CASE("Time outside the NPU is left out, and said so, until the target has a figure for it") {
    Target target = sample::target();
    Report report = make_report(sample::network(), target, sample::simulation());
    CHECK(report.latency_ms() == Approx(0.001));
    CHECK(report.to_text().find("time of 1 CPU operator is not included") != std::string::npos);

    target.host = {.driver_call_us = 100.0, .cpu_operator_us = 20.0, .cpu_bytes_per_us = 400.0};
    report = make_report(sample::network(), target, sample::simulation());
    CHECK(report.total.host_ms == Approx((100.0 + 20.0 + 4000.0 / 400.0) / 1000.0));
    CHECK(report.latency_ms() == Approx(0.131));
    CHECK(report.total.cycles == 1000_cycles);
    CHECK(report.to_text().find("is not included") == std::string::npos);
    CHECK(report.to_text().find("1 CPU operator is assumed to take 20 us each plus") !=
          std::string::npos);
}

TEST_CASE("The whole inference has its parts, their ranges and where they are from") {
    Target target = sample::target();
    CHECK_FALSE(make_report(sample::network(), target, sample::simulation()).inference);
    target.set("host.inference_us=100..300");
    target.set("host.cpu_operator_us=20");
    const Report report = make_report(sample::network(), target, sample::simulation());
    REQUIRE(report.inference);
    const WholeInference& all = *report.inference;
    CHECK(all.npu.ms == report.npu_ms());
    CHECK(all.calls.ms == Approx(0.2));
    CHECK(all.cpu.ms == Approx(0.02));
    CHECK(report.inference_ms() == Approx(report.npu_ms() + 0.22));
    // The NPU's time is known but for what the simulator itself may be off.
    CHECK(all.low_ms() == Approx((1.0 - simulator_error) * report.npu_ms() + 0.12));
    CHECK(all.high_ms() == Approx((1.0 + simulator_error) * report.npu_ms() + 0.32));
    // The headline stays the NPU's, with the terms that were always part of it.
    CHECK(report.latency_ms() == Approx(report.npu_ms() + 0.02));
    const std::string text = report.to_text();
    CHECK(text.find("whole inference 0.221 ms, 0.121 to 0.321:") != std::string::npos);
    CHECK(text.find("driver and runtime") != std::string::npos);
    const auto json = nlohmann::json::parse(report.to_json());
    CHECK(json.at("inference").at("calls").at("source") == "assumed");
    CHECK(json.at("inference").at("high_ms").get<double>() == Approx(all.high_ms()));
    CHECK(json.at("inference").at("cpu_operators").at(0).at("name") == "shuffle");
    CHECK(report.to_html().find("function inferenceSection") != std::string::npos);
}

TEST_CASE("The clock turns cycles into milliseconds") {
    Target target = sample::target();
    target.accelerator.clock = Hertz{500'000'000};
    CHECK(make_report(sample::network(), target, sample::simulation()).latency_ms() ==
          Approx(0.002));
}

TEST_CASE("The content hash tells constants and streams apart") {
    CompiledNetwork network = sample::network();
    const auto hash = [&] {
        return make_report(network, sample::target(), sample::simulation()).model.content_hash;
    };
    const auto before = hash();
    CHECK(hash() == before);
    network.constants[5] ^= 1;
    const auto constants = hash();
    CHECK(constants != before);
    network.constants[5] ^= 1;
    network.segments[0].stream.words[1] ^= 1;
    CHECK(hash() != before);
    CHECK(hash() != constants);
}

TEST_CASE("A network without an NPU segment reports no cycles and divides by none") {
    CompiledNetwork network = sample::network();
    network.segments.clear();
    network.spills.clear();
    const Report report = make_report(network, sample::target(), Simulation{});
    CHECK(report.total.mac_utilization == 0.0);
    CHECK(report.operators.empty());
    CHECK(report.to_text().find("nan") == std::string::npos);
    CHECK(report.to_text().find("inf") == std::string::npos);
}
