#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <u65sim/model_explorer.hpp>

namespace {

using namespace u65sim;
using Json = nlohmann::json;

Report two_operators() {
    Report report;
    report.target.name = "u65-256";
    OperatorReport conv;
    conv.name = "conv \"1\"";
    conv.cycles = Cycles{120};
    conv.bound_by = Cause::mac;
    conv.sram_bytes = Bytes{64};
    conv.dram_bytes = Bytes{32};
    OperatorReport add = conv;
    add.name = "add";
    add.cycles = Cycles{30};
    add.bound_by = Cause::dma_wait;
    report.operators = {conv, add};
    SpillEvent spill;
    spill.producer = "add";
    spill.dram_read_bytes = Bytes{7};
    spill.dram_write_bytes = Bytes{5};
    report.spills = {spill};
    CpuOperator cpu;
    cpu.name = "where";
    report.model.cpu_operators = {cpu};
    return report;
}

Json values(NodeMeasure measure) {
    Json found;
    const Json data = Json::parse(model_explorer_data(two_operators(), measure));
    for (const auto& [node, result] : data.at("results").items()) found[node] = result.at("value");
    return found;
}

TEST_CASE("node data has a value for each operator") {
    CHECK(values(NodeMeasure::cycles) == Json{{"conv \"1\"", 120}, {"add", 30}});
    CHECK(values(NodeMeasure::sram_bytes) == Json{{"conv \"1\"", 64}, {"add", 64}});
    CHECK(values(NodeMeasure::dram_bytes) == Json{{"conv \"1\"", 32}, {"add", 32}});
}

TEST_CASE("node data names what binds operators, and those of the CPU") {
    CHECK(values(NodeMeasure::bound_by) ==
          Json{{"conv \"1\"", "mac"}, {"add", "dma_wait"}, {"where", "cpu"}});
}

TEST_CASE("node data gives the traffic of a spilled map to the operator that makes it") {
    CHECK(values(NodeMeasure::spilled_bytes) == Json{{"conv \"1\"", 0}, {"add", 12}});
}

TEST_CASE("the colour of a node is that of what binds it") {
    const Json data = Json::parse(model_explorer_data(two_operators()));
    const Json& results = data.at("results");
    CHECK(results.at("conv \"1\"").at("bgColor") != results.at("add").at("bgColor"));
    CHECK(data.at("name") == "u65sim u65-256: cycles");
}

}  // namespace
