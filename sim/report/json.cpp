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
#include "report/json_text.hpp"
#include "report/timeline_json.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;
using report::JsonText;

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

void add_causes(JsonText& json, const CauseCycles& causes) {
    json.object("stalls", [&] {
        for (std::size_t i = 0; i < cause_count; ++i) {
            json.field(to_string(static_cast<Cause>(i)), causes[i].count());
        }
    });
}

void add_model(JsonText& json, const Report::Model& model) {
    json.object("model", [&] {
        json.field("name", model.name);
        json.field("producer", model.producer);
        json.field("content_hash", fmt::format("{:016x}", model.content_hash));
        json.field("macs", model.macs.count());
        json.field("npu_macs", model.npu_macs.count());
        json.field("parameters", model.parameters);
        json.field("file_bytes", model.file_bytes.count());
        json.field("npu_operators", model.npu_operators);
        json.objects("cpu_operators", model.cpu_operators, [&](const CpuOperator& op) {
            json.field("name", op.name);
            json.field("type", op.type);
            json.field("reason", op.reason);
            json.field("operand_bytes", op.operand_bytes.count());
            json.field("macs", op.macs.count());
            json.field("elements", op.elements);
            json.field("data_type", op.data_type);
        });
    });
}

/// What limits a port, the lowest ceiling first, with the field of the target that moves it.
void add_ceilings(JsonText& json, const Report::MemoryUse& use, const Target& target, int port) {
    json.objects("ceilings", use.ceilings, [&](const PortCeiling& ceiling) {
        json.field("kind", to_string(ceiling.kind));
        json.field("bytes_per_cycle", ceiling.bytes_per_cycle);
        json.field("text", report::describe(ceiling, target, port));
        json.field("field", report::field_of(ceiling, port));
        if (ceiling.channel) json.field("channel", to_string(*ceiling.channel));
    });
}

void add_total(JsonText& json, const Report& report) {
    json.object("total", [&] {
        json.field("cycles", report.total.cycles.count());
        json.field("latency_ms", report.runs_on_npu() ? Json(report.latency_ms()) : Json(nullptr));
        json.field("host_ms", report.total.host_ms);
        json.field("mac_utilization", report.total.mac_utilization);
        json.field("bound_cycles", report.total.bound.count());
        json.field("limit", to_string(report.total.limit));
        json.field("peak_macs_per_cycle", report.target.peak_macs_per_cycle());
        json.field("peak_depthwise_macs_per_cycle", report::peak_depthwise_macs(report.target));
    });
}

void add_memories(JsonText& json, const Report& report) {
    json.object("sram", [&] {
        json.field("capacity_bytes", report.sram.capacity.count());
        json.field("peak_bytes", report.sram.peak.count());
        json.field("read_bytes", report.sram.read.count());
        json.field("write_bytes", report.sram.write.count());
        add_ceilings(json, report.sram, report.target, 0);
    });
    json.object("dram", [&] {
        json.field("capacity_bytes", report.dram.capacity.count());
        json.field("used_bytes", report.dram.peak.count());
        json.field("model_bytes", report.dram_model_bytes.count());
        json.field("activation_bytes", report.dram_activation_bytes.count());
        json.field("read_bytes", report.dram.read.count());
        json.field("write_bytes", report.dram.write.count());
        json.field("encoded_weight_bytes", report.encoded_weight_bytes.count());
        add_ceilings(json, report.dram, report.target, 1);
    });
}

void add_spills(JsonText& json, const std::vector<SpillEvent>& spills) {
    json.objects("spills", spills, [&](const SpillEvent& spill) {
        json.field("tensor", spill.tensor);
        json.field("bytes", spill.bytes.count());
        json.field("reason", spill.reason);
        json.field("producer", spill.producer);
        json.values("consumers", spill.consumers);
        json.field("start_cycle", spill.start_cycle.count());
        json.field("dram_read_bytes", spill.dram_read_bytes.count());
        json.field("dram_write_bytes", spill.dram_write_bytes.count());
    });
}

void add_operators(JsonText& json, const std::vector<OperatorReport>& operators) {
    json.objects("operators", operators, [&](const OperatorReport& op) {
        json.field("name", op.name);
        json.field("type", op.type);
        json.field("start_cycle", op.start_cycle.count());
        json.field("end_cycle", op.end_cycle.count());
        json.field("cycles", op.cycles.count());
        json.field("macs", op.macs.count());
        json.field("mac_utilization", op.mac_utilization);
        json.field("bound_by", report::name_of(op.bound_by));
        json.field("block", op.block);
        json.field("sram_bytes", op.sram_bytes.count());
        json.field("dram_bytes", op.dram_bytes.count());
        json.field("kernels", op.kernels);
        json.field("dmas", op.dmas);
        json.field("bound_cycles", op.bound.count());
        json.field("limit", to_string(op.limit));
        json.field("kept_by", report::name_of(op.kept_by));
        add_causes(json, op.stalls);
    });
}

void add_live_ranges(JsonText& json, const std::vector<LiveRange>& ranges) {
    json.objects("live_ranges", ranges, [&](const LiveRange& range) {
        json.field("name", range.name);
        json.field("kind", to_string(range.kind));
        json.field("memory", to_string(range.memory));
        json.field("offset", range.offset.count());
        json.field("bytes", range.size.count());
        json.field("start_cycle", range.start_cycle.count());
        json.field("end_cycle", range.end_cycle.count());
        json.field("spilled", range.spilled);
    });
}

void add_contention(JsonText& json, const Contention& contention, Cycles total) {
    const auto count = [](const auto& quantity) { return quantity.count(); };
    json.object("contention", [&] {
        json.field("alone_cycles", contention.alone.count());
        json.field("cycles", (total - contention.alone).count());
        json.values("traffic_bytes", contention.traffic, count);
        json.values("operators", contention.operators, count);
    });
}

void add_interval(JsonText& json, const CycleInterval& interval) {
    json.object("interval", [&] {
        json.field("effort", "quick");
        json.field("low_cycles", interval.low.count());
        json.field("high_cycles", interval.high.count());
        json.field("coverage", interval.coverage);
        json.field("least_cycles", interval.least.count());
        json.field("most_cycles", interval.most.count());
        json.field("source", interval.source);
    });
}

}  // namespace

std::string Report::to_json() const {
    JsonText json;
    json.field("schema_version", schema_version);
    json.field("u65sim_version", u65sim_version);
    add_model(json, model);
    json.field("target", target_json(target));
    if (interval) add_interval(json, *interval);
    add_total(json, *this);
    add_memories(json, *this);
    json.object("pmu", [&] {
        for (const auto& [name, value] : pmu) json.field(name, value);
    });
    add_causes(json, stalls);
    add_spills(json, spills);
    add_operators(json, operators);
    add_live_ranges(json, live_ranges);
    if (contention) add_contention(json, *contention, total.cycles);
    if (inference) json.field("inference", report::inference_json(*inference));
    json.values("assumptions", assumptions);
    std::string text = json.text();
    if (!timeline.spans.empty()) {
        // Thousands of numbers, so not a line each.
        text.resize(text.size() - 2);
        text += ",\n  \"timeline\": " + report::timeline_json(*this) + "\n}";
    }
    text += '\n';
    return text;
}

}  // namespace u65sim
