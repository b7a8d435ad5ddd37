#include <array>
#include <map>

#include <nlohmann/json.hpp>
#include <u65sim/model_explorer.hpp>

#include "report/format.hpp"

namespace u65sim {

namespace {

constexpr std::array<std::string_view, 5> measure_names{"cycles", "bound_by", "sram_bytes",
                                                        "dram_bytes", "spilled_bytes"};

/// Behind a node's label, light enough for dark letters: computing is green and blue, waiting for
/// memory orange and red, all else grey.
std::string_view colour_of(const std::optional<Cause>& cause) {
    if (!cause) return "#eeeeee";
    switch (*cause) {
        case Cause::mac:
            return "#8fd6bd";
        case Cause::output:
            return "#a6d5f5";
        case Cause::weight_fetch:
            return "#f3cf80";
        case Cause::ifm_fetch:
        case Cause::ofm_write:
            return "#f0b48a";
        case Cause::dma_wait:
            return "#e8a3a3";
        case Cause::block_dependency:
        case Cause::shram_reconfig:
        case Cause::kernel_wait:
        case Cause::command_fetch:
        case Cause::pipeline:
            return "#cccccc";
    }
    return "#cccccc";
}

/// DRAM traffic of spilled maps, by the operator that makes each.
std::map<std::string, std::int64_t> spilled_bytes(const Report& report) {
    std::map<std::string, std::int64_t> bytes;
    for (const SpillEvent& spill : report.spills) {
        bytes[spill.producer] += (spill.dram_read_bytes + spill.dram_write_bytes).count();
    }
    return bytes;
}

}  // namespace

std::string_view to_string(NodeMeasure measure) {
    return measure_names[static_cast<std::size_t>(measure)];
}

std::vector<NodeMeasure> node_measures() {
    std::vector<NodeMeasure> all;
    for (std::size_t i = 0; i < measure_names.size(); ++i) {
        all.push_back(static_cast<NodeMeasure>(i));
    }
    return all;
}

std::string model_explorer_data(const Report& report, NodeMeasure measure) {
    const auto spilled = spilled_bytes(report);
    nlohmann::ordered_json results = nlohmann::ordered_json::object();
    for (const OperatorReport& op : report.operators) {
        nlohmann::ordered_json value;
        switch (measure) {
            case NodeMeasure::cycles:
                value = op.cycles.count();
                break;
            case NodeMeasure::bound_by:
                value = report::name_of(op.bound_by);
                break;
            case NodeMeasure::sram_bytes:
                value = op.sram_bytes.count();
                break;
            case NodeMeasure::dram_bytes:
                value = op.dram_bytes.count();
                break;
            case NodeMeasure::spilled_bytes: {
                const auto found = spilled.find(op.name);
                value = found == spilled.end() ? 0 : found->second;
                break;
            }
        }
        results[op.name] = {{"value", std::move(value)}, {"bgColor", colour_of(op.bound_by)}};
    }
    if (measure == NodeMeasure::bound_by) {
        for (const CpuOperator& op : report.model.cpu_operators) {
            results[op.name] = {{"value", "cpu"}, {"bgColor", "#ffffff"}};
        }
    }
    const nlohmann::ordered_json data{
        {"name", "u65sim " + report.target.name + ": " + std::string{to_string(measure)}},
        {"results", std::move(results)}};
    return data.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace u65sim
