// The report for other tools. The keys are described in docs/report.md; adding one is no new
// schema, changing or removing one is.
#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <u65sim/report.hpp>

#include "report/ceilings.hpp"
#include "report/format.hpp"
#include "report/inference.hpp"
#include "report/timeline_json.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;

/// A field's value in its unit: a number or a truth value where it is one, else text.
Json typed(const TargetField& field) {
    if (field.number) {
        const bool is_whole = field.unit != "B/cycle" && *field.number == std::floor(*field.number);
        return is_whole ? Json(static_cast<std::int64_t>(*field.number)) : Json(*field.number);
    }
    if (field.key == "name") return field.value;
    if (const auto truth = text::parse_bool(field.value)) return *truth;
    return field.value;
}

/// Every field of the target, dotted keys as nested objects.
Json target_json(const Target& target) {
    Json root = Json::object();
    for (const TargetField& field : describe_fields(target)) {
        Json* at = &root;
        std::string_view key = field.key;
        for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
            at = &(*at)[std::string{key.substr(0, dot)}];
            key.remove_prefix(dot + 1);
        }
        (*at)[std::string{key}] = typed(field);
    }
    return root;
}

Json causes_json(const CauseCycles& causes) {
    Json json = Json::object();
    for (std::size_t i = 0; i < cause_count; ++i) {
        json[std::string{to_string(static_cast<Cause>(i))}] = causes[i].count();
    }
    return json;
}

Json model_json(const Report::Model& model) {
    Json cpu = Json::array();
    for (const CpuOperator& op : model.cpu_operators) {
        cpu.push_back({{"name", op.name},
                       {"type", op.type},
                       {"reason", op.reason},
                       {"operand_bytes", op.operand_bytes.count()},
                       {"macs", op.macs.count()},
                       {"elements", op.elements},
                       {"data_type", op.data_type}});
    }
    return {{"name", model.name},
            {"producer", model.producer},
            {"content_hash", fmt::format("{:016x}", model.content_hash)},
            {"macs", model.macs.count()},
            {"npu_macs", model.npu_macs.count()},
            {"parameters", model.parameters},
            {"file_bytes", model.file_bytes.count()},
            {"npu_operators", model.npu_operators},
            {"cpu_operators", std::move(cpu)}};
}

/// What limits a port, the lowest ceiling first, with the field of the target that moves it.
Json ceilings_json(const Report::MemoryUse& use, const Target& target, int port) {
    Json json = Json::array();
    for (const PortCeiling& ceiling : use.ceilings) {
        json.push_back({{"kind", to_string(ceiling.kind)},
                        {"bytes_per_cycle", ceiling.bytes_per_cycle},
                        {"text", report::describe(ceiling, target, port)},
                        {"field", report::field_of(ceiling, port)}});
        if (ceiling.channel) json.back()["channel"] = to_string(*ceiling.channel);
    }
    return json;
}

Json spills_json(const std::vector<SpillEvent>& spills) {
    Json json = Json::array();
    for (const SpillEvent& spill : spills) {
        json.push_back({{"tensor", spill.tensor},
                        {"bytes", spill.bytes.count()},
                        {"reason", spill.reason},
                        {"producer", spill.producer},
                        {"consumers", spill.consumers},
                        {"start_cycle", spill.start_cycle.count()},
                        {"dram_read_bytes", spill.dram_read_bytes.count()},
                        {"dram_write_bytes", spill.dram_write_bytes.count()}});
    }
    return json;
}

Json live_ranges_json(const std::vector<LiveRange>& ranges) {
    Json json = Json::array();
    for (const LiveRange& range : ranges) {
        json.push_back({{"name", range.name},
                        {"kind", to_string(range.kind)},
                        {"memory", to_string(range.memory)},
                        {"offset", range.offset.count()},
                        {"bytes", range.size.count()},
                        {"start_cycle", range.start_cycle.count()},
                        {"end_cycle", range.end_cycle.count()},
                        {"spilled", range.spilled}});
    }
    return json;
}

Json operators_json(const std::vector<OperatorReport>& operators) {
    Json json = Json::array();
    for (const OperatorReport& op : operators) {
        json.push_back({{"name", op.name},
                        {"type", op.type},
                        {"start_cycle", op.start_cycle.count()},
                        {"end_cycle", op.end_cycle.count()},
                        {"cycles", op.cycles.count()},
                        {"macs", op.macs.count()},
                        {"mac_utilization", op.mac_utilization},
                        {"bound_by", report::name_of(op.bound_by)},
                        {"block", op.block},
                        {"sram_bytes", op.sram_bytes.count()},
                        {"dram_bytes", op.dram_bytes.count()},
                        {"kernels", op.kernels},
                        {"dmas", op.dmas},
                        {"bound_cycles", op.bound.count()},
                        {"limit", to_string(op.limit)},
                        {"kept_by", report::name_of(op.kept_by)},
                        {"stalls", causes_json(op.stalls)}});
    }
    return json;
}

Json contention_json(const Contention& contention, Cycles total) {
    Json operators = Json::array();
    for (const Cycles cycles : contention.operators) operators.push_back(cycles.count());
    Json traffic = Json::array();
    for (const Bytes bytes : contention.traffic) traffic.push_back(bytes.count());
    return {{"alone_cycles", contention.alone.count()},
            {"cycles", (total - contention.alone).count()},
            {"traffic_bytes", std::move(traffic)},
            {"operators", std::move(operators)}};
}

Json interval_json(const CycleInterval& interval) {
    return {{"effort", "quick"},
            {"low_cycles", interval.low.count()},
            {"high_cycles", interval.high.count()},
            {"coverage", interval.coverage},
            {"least_cycles", interval.least.count()},
            {"most_cycles", interval.most.count()},
            {"source", interval.source}};
}

}  // namespace

std::string Report::to_json() const {
    Json json = Json::object();
    json["schema_version"] = schema_version;
    json["u65sim_version"] = u65sim_version;
    json["model"] = model_json(model);
    json["target"] = target_json(target);
    if (interval) json["interval"] = interval_json(*interval);
    json["total"] = {{"cycles", total.cycles.count()},
                     {"latency_ms", runs_on_npu() ? Json(latency_ms()) : Json(nullptr)},
                     {"host_ms", total.host_ms},
                     {"mac_utilization", total.mac_utilization},
                     {"bound_cycles", total.bound.count()},
                     {"limit", to_string(total.limit)},
                     {"peak_macs_per_cycle", target.peak_macs_per_cycle()},
                     {"peak_depthwise_macs_per_cycle", report::peak_depthwise_macs(target)}};
    json["sram"] = {{"capacity_bytes", sram.capacity.count()},
                    {"peak_bytes", sram.peak.count()},
                    {"read_bytes", sram.read.count()},
                    {"write_bytes", sram.write.count()},
                    {"ceilings", ceilings_json(sram, target, 0)}};
    json["dram"] = {{"capacity_bytes", dram.capacity.count()},
                    {"used_bytes", dram.peak.count()},
                    {"model_bytes", dram_model_bytes.count()},
                    {"activation_bytes", dram_activation_bytes.count()},
                    {"read_bytes", dram.read.count()},
                    {"write_bytes", dram.write.count()},
                    {"encoded_weight_bytes", encoded_weight_bytes.count()},
                    {"ceilings", ceilings_json(dram, target, 1)}};
    Json counters = Json::object();
    for (const auto& [name, value] : pmu) counters[name] = value;
    json["pmu"] = std::move(counters);
    json["stalls"] = causes_json(stalls);
    json["spills"] = spills_json(spills);
    json["operators"] = operators_json(operators);
    json["live_ranges"] = live_ranges_json(live_ranges);
    if (contention) json["contention"] = contention_json(*contention, total.cycles);
    if (inference) json["inference"] = report::inference_json(*inference);
    json["assumptions"] = assumptions;
    // Names come from files and may hold any bytes: those that are no UTF-8 are replaced.
    std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
    if (!timeline.spans.empty()) {
        // Thousands of numbers, so not a line each.
        text.resize(text.size() - 2);
        text += ",\n  \"timeline\": " + report::timeline_json(*this) + "\n}";
    }
    return text + '\n';
}

}  // namespace u65sim
