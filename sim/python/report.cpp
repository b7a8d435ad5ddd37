// Reports, and reports beside each other.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/bound.hpp>
#include <u65sim/compare.hpp>
#include <u65sim/model_explorer.hpp>
#include <u65sim/report.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

const Report& report_of(const Request& request) { return request.object<const Report>(0); }

Reply json(const Request& request) { return text_reply(report_of(request).to_json()); }
Reply text(const Request& request) { return text_reply(report_of(request).to_text()); }
Reply csv(const Request& request) { return text_reply(report_of(request).to_csv()); }
Reply trace(const Request& request) { return text_reply(report_of(request).to_trace()); }

Reply model_explorer(const Request& request) {
    const auto measure = request.arguments.one_of(
        "measure", {NodeMeasure::cycles, NodeMeasure::bound_by, NodeMeasure::sram_bytes,
                    NodeMeasure::dram_bytes, NodeMeasure::spilled_bytes});
    return text_reply(model_explorer_data(report_of(request), measure));
}

/// Of a report's JSON: one that was stored has a page too.
Reply html(const Request& request) {
    Comparison one;
    one.runs.emplace_back();
    one.runs.back().json = request.arguments.text("json");
    return text_reply(one.to_html());
}

Reply make(const Request& request) {
    const auto& network = request.object<const CompiledNetwork>(0);
    const Target& target = request.target(1);
    Report made = make_report(network, target, request.object<const Simulation>(2),
                              lower_bound(network, target));
    Reply reply;
    reply.value = report_summary(made);
    reply.objects.push_back(hold(std::move(made)));
    return reply;
}

/// A row an operator of the graph.
Reply bound(const Request& request) {
    const auto& network = request.object<const CompiledNetwork>(0);
    const LowerBound least = lower_bound(network, request.target(1));
    Json rows = Json::array();
    for (const OperatorBound& each : least.operators) {
        rows.push_back({each.graph_operator, each.cycles.count(), to_string(each.limit)});
    }
    return {{{"cycles", least.cycles.count()},
             {"limit", to_string(least.limit)},
             {"operators", std::move(rows)}},
            {},
            {}};
}

Reply compare(const Request& request) {
    const std::vector<std::string> origins = request.arguments.texts("origins");
    const std::vector<std::string> reports = request.arguments.texts("reports");
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t i = 0; i < origins.size() && i < reports.size(); ++i) {
        pairs.emplace_back(origins[i], reports[i]);
    }
    const Comparison comparison = compare_reports(pairs);
    Reply reply;
    reply.buffers = {comparison.to_text(), comparison.to_json(), comparison.to_html()};
    return reply;
}

Reply versions(const Request&) {
    return {{{"version", version()}, {"build_info", build_info()}}, {}, {}};
}

}  // namespace

Json report_summary(const Report& report) {
    Json latency;
    if (report.runs_on_npu()) latency = report.latency_ms();
    return {{"name", report.model.name},
            {"target", report.target.name},
            {"latency_ms", latency},
            {"npu_share", report.npu_share()},
            {"cycles", report.total.cycles.count()},
            {"macs", report.model.macs.count()},
            {"mac_utilization", report.total.mac_utilization},
            {"sram_peak_bytes", report.sram.peak.count()},
            {"dram_used_bytes", report.dram.peak.count()},
            {"dram_traffic_bytes", (report.dram.read + report.dram.write).count()},
            {"spills", report.spills.size()}};
}

std::span<const Function> report_functions() {
    static constexpr std::array functions{
        Function{"report.json", json},
        Function{"report.text", text},
        Function{"report.csv", csv},
        Function{"report.trace", trace},
        Function{"report.model_explorer", model_explorer},
        Function{"report.html", html},
        Function{"report.make", make},
        Function{"report.bound", bound},
        Function{"report.compare", compare},
        Function{"version", versions},
    };
    return functions;
}

}  // namespace u65sim::python
