// The report as people read it: a summary, where the time goes, spills, and a row an operator.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <u65sim/report.hpp>

#include "report/ceilings.hpp"
#include "report/format.hpp"
#include "report/inference.hpp"
#include "report/join.hpp"
#include "target/traffic_text.hpp"

namespace u65sim {

namespace {

using report::elided;
using report::grouped;
using report::percent;
using report::readable;
using report::wrapped;

std::string heading(const Report& report) {
    const Target& target = report.target;
    const Accelerator& npu = target.accelerator;
    std::string cores = npu.cores > 1 ? fmt::format("{} cores x ", npu.cores) : std::string{};
    std::string out =
        fmt::format("{} on {}\n{}{} MACs a cycle at {:g} MHz, {}{}\n",
                    elided(report.model.name, 70), elided(target.name, 24), cores,
                    npu.macs_per_cycle, static_cast<double>(npu.clock.count()) / 1e6,
                    to_string(target.memory_mode), target.ideal_memory ? ", ideal memory" : "");
    out += wrapped(
        fmt::format("compiled by {}, simulated by u65sim {}, content {:016x}",
                    report.model.producer, report.u65sim_version, report.model.content_hash),
        0);
    return out;
}

/// The traffic of a port, and what it could be at most.
std::string memory_line(const Report& report, int port, std::string_view name,
                        std::string_view verb) {
    const Report::MemoryUse& use = port == 0 ? report.sram : report.dram;
    const Cycles total = report.total.cycles;
    const double rate = total.count() > 0 ? static_cast<double>((use.read + use.write).count()) /
                                                static_cast<double>(total.count())
                                          : 0.0;
    const std::string room =
        use.capacity.count() > 0
            ? fmt::format("{} {} of {}", verb, readable(use.peak), readable(use.capacity))
            : fmt::format("{} {}", verb, readable(use.peak));
    std::string line = fmt::format("  {:<16}{:<30}{:>11} read {:>11} written  {:5.2f} B/cycle\n",
                                   name, room, readable(use.read), readable(use.write), rate);
    if (use.ceilings.empty()) return line;
    const PortCeiling& lowest = use.ceilings.front();
    line += wrapped(fmt::format("at most {:.2f} B/cycle: {}", lowest.bytes_per_cycle,
                                report::describe(lowest, report.target, port)),
                    18);
    if (const PortCeiling* slowest = report::slowest_channel(use)) {
        line += wrapped(
            fmt::format("{} alone {:.2f}: {}", to_string(*slowest->channel),
                        slowest->bytes_per_cycle, report::describe(*slowest, report.target, port)),
            18);
    }
    return line;
}

std::string latency(const Report& report) {
    if (!report.runs_on_npu()) return "none: nothing of this network runs on the NPU";
    std::string out = fmt::format("{:.3f} ms = {} cycles", report.latency_ms(),
                                  grouped(report.total.cycles.count()));
    if (report.total.host_ms > 0.0) {
        out += fmt::format(" + {:.3f} ms outside the NPU", report.total.host_ms);
    }
    return out;
}

/// What runs on the NPU: without all of it, the latency is not the network's.
std::string operators(const Report& report) {
    const Report::Model& model = report.model;
    std::string out = fmt::format("{} on the NPU, {} on the CPU", model.npu_operators,
                                  model.cpu_operators.size());
    if (!model.cpu_operators.empty() && model.macs.count() > 0) {
        out += fmt::format("; {} of the MACs on the NPU",
                           percent(model.npu_macs.count(), model.macs.count()));
    }
    return out;
}

/// How near the plan is to what no plan can go below.
std::string bound_line(const Report& report) {
    const Cycles bound = report.total.bound;
    const Cycles total = report.total.cycles;
    const Hertz clock = report.target.accelerator.clock;
    if (bound == Cycles{0} || total == Cycles{0} || clock.count() == 0) return {};
    const auto in_ms = [&](Cycles cycles) { return report::milliseconds(cycles, clock); };
    return fmt::format("  {:<16}{:.3f} ms by {}, this plan {:.3f} ms ({})\n", "bound", in_ms(bound),
                       to_string(report.total.limit), in_ms(total),
                       percent(bound.count(), total.count()));
}

std::string summary(const Report& report) {
    std::string out = fmt::format("\n  {:<16}{}\n", "latency", latency(report));
    if (report.inference) out += report::inference_line(*report.inference);
    out += bound_line(report);
    out += fmt::format("  {:<16}{}\n", "operators", operators(report));
    out += fmt::format("  {:<16}{:.1f} % of the array's {} MACs a cycle in use, for {} MACs\n",
                       "utilization", 100.0 * report.total.mac_utilization,
                       report.target.peak_macs_per_cycle(), grouped(report.model.macs.count()));
    out += memory_line(report, 0, "SRAM", "peak");
    std::string off_chip = report.target.off_chip.kind;
    std::transform(off_chip.begin(), off_chip.end(), off_chip.begin(), [](unsigned char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
    });
    out += memory_line(report, 1, off_chip, "used");
    out += fmt::format("  {:<16}{} encoded, {} parameters\n", "weights",
                       readable(report.encoded_weight_bytes), grouped(report.model.parameters));
    Bytes size{0};
    Bytes traffic{0};
    for (const SpillEvent& spill : report.spills) {
        size += spill.bytes;
        traffic += spill.dram_read_bytes + spill.dram_write_bytes;
    }
    if (report.spills.empty()) {
        out += fmt::format("  {:<16}none\n", "spills");
    } else {
        out += fmt::format("  {:<16}{} feature map{}, {} in all, {} of traffic\n", "spills",
                           report.spills.size(), report.spills.size() == 1 ? "" : "s",
                           readable(size), readable(traffic));
    }
    for (const std::string& assumption : report.assumptions) {
        out += wrapped(fmt::format("- {}", assumption), 4);
    }
    return out;
}

/// The operators that lose most against their own bounds.
std::string farthest_from_bounds(const Report& report) {
    constexpr std::size_t most = 10;
    std::vector<const OperatorReport*> rows;
    for (const OperatorReport& op : report.operators) {
        if (op.bound > Cycles{0} && op.cycles > op.bound) rows.push_back(&op);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
        return a->cycles - a->bound > b->cycles - b->bound;
    });
    if (rows.empty()) return {};
    if (rows.size() > most) rows.resize(most);
    std::string out =
        fmt::format("\nfarthest from their bounds\n  {:<24} {:<17}{:>12}{:>12} {:<9}{:>7}  {}\n",
                    "name", "type", "cycles", "bound", "by", "share", "kept from it by");
    for (const OperatorReport* op : rows) {
        std::string line = fmt::format(
            "  {:<24} {:<17}{:>12}{:>12} {:<9}{:>7}  {}", elided(op->name, 24),
            elided(op->type, 17), grouped(op->cycles.count()), grouped(op->bound.count()),
            to_string(op->limit), percent(op->bound.count(), op->cycles.count()),
            report::name_of(op->kept_by));
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string where_the_time_goes(const Report& report) {
    if (report.interval) return {};  // only a simulation knows
    std::array<std::size_t, cause_count> order{};
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return report.stalls[a] > report.stalls[b];
    });
    std::string out = "\nwhere the time goes (mac: the array was at work, with whatever use)\n";
    for (const std::size_t cause : order) {
        const std::int64_t cycles = report.stalls[cause].count();
        if (cycles == 0) continue;
        out += fmt::format("  {:<18}{:>15} {:>8}  {}\n", to_string(static_cast<Cause>(cause)),
                           grouped(cycles), percent(cycles, report.total.cycles.count()),
                           report::bar(cycles, report.total.cycles.count(), 40));
    }
    return out;
}

std::string spill_table(const Report& report) {
    if (report.spills.empty()) return {};
    std::string out = fmt::format("\nspills\n  {:<38}{:>12}{:>14}{:>15}{:>15}\n", "feature map",
                                  "bytes", "at cycle", "bytes written", "bytes read");
    for (const SpillEvent& spill : report.spills) {
        out += fmt::format("  {:<38}{:>12}{:>14}{:>15}{:>15}\n", elided(spill.tensor, 38),
                           grouped(spill.bytes.count()), grouped(spill.start_cycle.count()),
                           grouped(spill.dram_write_bytes.count()),
                           grouped(spill.dram_read_bytes.count()));
        out += wrapped(spill.reason, 6);
    }
    return out;
}

/// What other users of the memories cost, the operators that lose or win most first.
std::string contention_table(const Report& report) {
    if (!report.contention) return {};
    const Contention& cost = *report.contention;
    const auto row = [](std::string_view name, Cycles alone, Cycles added) {
        return fmt::format("  {:<38}{:>15}{:>15}{:>11}\n", name, grouped(alone.count()),
                           (added.count() > 0 ? "+" : "") + grouped(added.count()),
                           percent(added.count(), alone.count()));
    };
    std::string others = "contention with " + text::format_traffic(report.target.traffic);
    for (const Bytes& bytes : cost.traffic) {
        others += fmt::format("{} {}", &bytes == &cost.traffic.front() ? ", which moved" : " +",
                              readable(bytes));
    }
    std::string out = "\n" + wrapped(others, 0) +
                      fmt::format("  {:<38}{:>15}{:>15}\n", "operator", "cycles alone", "added");
    out += row("all", cost.alone, report.total.cycles - cost.alone);
    std::vector<std::size_t> order(cost.operators.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::abs(cost.operators[a].count()) > std::abs(cost.operators[b].count());
    });
    for (const std::size_t i : order) {
        if (cost.operators[i] == Cycles{0}) break;
        const OperatorReport& op = report.operators[i];
        out += row(elided(op.name, 38), op.cycles - cost.operators[i], cost.operators[i]);
    }
    return out;
}

std::string cpu_table(const Report& report) {
    if (report.model.cpu_operators.empty()) return {};
    std::string out = "\nleft to the CPU\n";
    for (const CpuOperator& op : report.model.cpu_operators) {
        out += wrapped(fmt::format("{} ({}): {}", op.name, op.type, op.reason), 2);
    }
    return out;
}

std::string operator_table(const Report& report) {
    Cycles others = report.total.cycles;  // that no operator accounts for
    std::string out = fmt::format("\noperators\n  {:<24} {:<17}{:>12}{:>12}{:>7} {:<16} {}\n",
                                  "name", "type", "start", "cycles", "MAC %", "bound by", "block");
    for (const OperatorReport& op : report.operators) {
        std::string line = fmt::format(
            "  {:<24} {:<17}{:>12}{:>12}{:>7.1f} {:<16} {}", elided(op.name, 24),
            elided(op.type, 17), grouped(op.start_cycle.count()), grouped(op.cycles.count()),
            100.0 * op.mac_utilization, report::name_of(op.bound_by), op.block);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
        others -= op.cycles;
    }
    if (others > Cycles{0}) {
        out += fmt::format("  {:<42}{:>24}\n", "(before and between the operators)",
                           grouped(others.count()));
    }
    return out;
}

}  // namespace

std::string Report::to_text() const {
    return heading(*this) + summary(*this) + where_the_time_goes(*this) +
           (inference ? report::inference_section(*inference) : "") + spill_table(*this) +
           contention_table(*this) + cpu_table(*this) + farthest_from_bounds(*this) +
           operator_table(*this);
}

}  // namespace u65sim
