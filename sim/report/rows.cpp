#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "report/join.hpp"

namespace u65sim::report {

namespace {

/// A row while its operations are still being added.
struct Row {
    OperatorReport report;
    bool has_kernel = false;
    std::int64_t largest_kernel = -1;  ///< size of the kernel whose block the row shows

    void add(const OperationRecord& operation) {
        const bool first = report.kernels + report.dmas == 0;
        if (operation.is_dma) {
            ++report.dmas;
            // A row's time is that of its kernels: DMAs run ahead, beside other operators.
            if (!has_kernel) widen(operation, first);
        } else {
            ++report.kernels;
            widen(operation, !has_kernel);
            has_kernel = true;
            const std::int64_t size = std::max(operation.mac_busy, operation.output_busy).count();
            if (size > largest_kernel) {
                largest_kernel = size;
                report.block = operation.block;
            }
        }
        report.macs += operation.macs;
        for (std::size_t i = 0; i < cause_count; ++i) {
            report.stalls[i] += operation.causes[i];
            report.cycles += operation.causes[i];
        }
        report.sram_bytes += operation.ports[0].read_bytes() + operation.ports[0].write_bytes();
        report.dram_bytes += operation.ports[1].read_bytes() + operation.ports[1].write_bytes();
    }

    void widen(const OperationRecord& operation, bool first) {
        report.start_cycle =
            first ? operation.start : std::min(report.start_cycle, operation.start);
        report.end_cycle = first ? operation.end : std::max(report.end_cycle, operation.end);
    }

    OperatorReport finish(std::int64_t peak) const {
        OperatorReport result = report;
        const auto largest = std::max_element(result.stalls.begin(), result.stalls.end());
        if (*largest > Cycles{0}) {
            result.bound_by = static_cast<Cause>(largest - result.stalls.begin());
        }
        if (result.cycles.count() > 0 && peak > 0) {
            result.mac_utilization =
                static_cast<double>(result.macs.count()) /
                (static_cast<double>(peak) * static_cast<double>(result.cycles.count()));
        }
        return result;
    }
};

/// What a row stands for: an operator of the graph, or what another producer's stream calls one.
using Origin = std::tuple<std::int32_t, std::uint32_t, std::string_view>;

Origin origin_of(const CommandLabel& label, std::uint32_t segment) {
    if (label.graph_operator >= 0) return {label.graph_operator, 0, {}};
    return {-1, segment, label.op_name};
}

}  // namespace

std::vector<const CommandLabel*> labels_of(const CompiledNetwork& network,
                                           const Simulation& simulation) {
    std::vector<const CommandLabel*> result;
    result.reserve(simulation.operations.size());
    for (const OperationRecord& operation : simulation.operations) {
        const CommandLabel* found = nullptr;
        if (operation.segment < network.segments.size()) {
            const auto& labels = network.segments[operation.segment].labels;
            const auto at = std::lower_bound(labels.begin(), labels.end(), operation.command_index,
                                             [](const CommandLabel& label, std::uint32_t index) {
                                                 return label.command_index < index;
                                             });
            if (at != labels.end() && at->command_index == operation.command_index) found = &*at;
        }
        result.push_back(found);
    }
    return result;
}

OperatorRows operator_rows(const Simulation& simulation,
                           const std::vector<const CommandLabel*>& labels,
                           std::int64_t peak_macs_per_cycle) {
    std::vector<Row> rows;
    std::vector<std::int32_t> row_of(simulation.operations.size(), -1);
    const auto add = [&](std::size_t row, std::size_t operation) {
        rows[row].add(simulation.operations[operation]);
        row_of[operation] = static_cast<std::int32_t>(row);
    };
    std::map<Origin, std::size_t> row_of_origin;
    std::vector<std::size_t> unlabelled_dmas;  // of the kernel to come
    std::uint32_t segment = 0;
    const auto flush_dmas_into = [&](std::size_t row) {
        for (const std::size_t dma : unlabelled_dmas) add(row, dma);
        unlabelled_dmas.clear();
    };
    const auto flush_dmas = [&] {
        if (unlabelled_dmas.empty()) return;
        Row& row = rows.emplace_back();
        row.report.name = fmt::format("dma_{}", rows.size() - 1);
        row.report.type = "DMA";
        flush_dmas_into(rows.size() - 1);
    };
    for (std::size_t i = 0; i < simulation.operations.size(); ++i) {
        const OperationRecord& operation = simulation.operations[i];
        if (operation.segment != segment) {
            flush_dmas();
            segment = operation.segment;
        }
        const CommandLabel* label = labels[i];
        if (label != nullptr) {
            const auto [at, is_new] =
                row_of_origin.try_emplace(origin_of(*label, segment), rows.size());
            if (is_new) {
                Row& row = rows.emplace_back();
                row.report.name = label->op_name;
                row.report.type = label->op_type;
                row.report.graph_operator = label->graph_operator;
            }
            Row& row = rows[at->second];
            // A DMA that came first gave the row its type; the operator's own kernels know better.
            if (!operation.is_dma && row.report.kernels == 0) row.report.type = label->op_type;
            add(at->second, i);
        } else if (operation.is_dma) {
            unlabelled_dmas.push_back(i);
        } else {
            Row& row = rows.emplace_back();
            row.report.name = fmt::format("kernel_{}", rows.size() - 1);
            row.report.type = operation.kind;
            flush_dmas_into(rows.size() - 1);
            add(rows.size() - 1, i);
        }
    }
    flush_dmas();

    OperatorRows result{{}, std::move(row_of)};
    result.rows.reserve(rows.size());
    for (const Row& row : rows) result.rows.push_back(row.finish(peak_macs_per_cycle));
    return result;
}

}  // namespace u65sim::report
