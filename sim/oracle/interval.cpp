#include "oracle/interval.hpp"

#include "report/join.hpp"

namespace u65sim::oracle {

namespace {

/// Milliseconds of the streams on a target.
double npu_ms(const CompiledNetwork& network, const Target& target, const SimulateOptions& how) {
    return report::milliseconds(simulate(network, target, how).total, target.accelerator.clock);
}

bool same_npu(Target left, const Target& right) {
    left.host = right.host;
    left.sources = right.sources;
    return left == right;
}

}  // namespace

void add_npu_range(Report& report, const CompiledNetwork& network, const SimulateOptions& how) {
    if (!report.inference || !report.runs_on_npu()) return;
    double ends[] = {report.npu_ms(), report.npu_ms()};
    for (const RangeEnd end : {RangeEnd::fast, RangeEnd::slow}) {
        const Target target = report.target.at(end);
        if (same_npu(target, report.target)) continue;
        SimulateOptions plain = how;
        plain.timeline = false;
        plain.vcd_file.clear();
        ends[end == RangeEnd::fast ? 0 : 1] = npu_ms(network, target, plain);
    }
    report::set_npu_time(*report.inference, report.npu_ms(), ends[0], ends[1]);
}

}  // namespace u65sim::oracle
