#include "bound/stream_work.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/rounding.hpp"
#include "bound/axis.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::bound {

using stream::KernelKind;
using stream::KernelOp;

namespace {

/// Calls visit(kernel, command index, segment) for every kernel of the streams.
template <class Visit>
void for_each_kernel(const CompiledNetwork& network, const Visit& visit) {
    for (const NpuSegment& segment : network.segments) {
        const auto commands = stream::decode(segment.stream.words, segment.stream.accelerator);
        for (std::size_t i = 0; i < commands.size(); ++i) {
            if (const auto* op = std::get_if<KernelOp>(&commands[i].action)) {
                visit(*op, static_cast<std::uint32_t>(i), segment);
            }
        }
    }
}

/// Calls visit(region, range) for the weights and scales of each core.
template <class Visit>
void for_each_range(const KernelOp& op, const Visit& visit) {
    if (!op.has_weights()) return;
    for (const std::size_t core : {0U, 1U}) {
        if (op.weights[core].length > 0) visit(op.weight_region, op.weights[core]);
        if (op.scales[core].length > 0) visit(op.scale_region, op.scales[core]);
    }
}

std::int64_t products_of(const KernelOp& op) {
    const bool is_dense = op.kind == KernelKind::conv;
    if (op.kind == KernelKind::elementwise || op.kind == KernelKind::pool) return 0;
    const std::int32_t times = op.upscale == stream::Upscale::none ? 1 : 2;
    const Axis rows{op.ifm.height * times, op.ofm.height,        op.kernel.height,
                    op.kernel.stride_y,    op.kernel.dilation_y, op.pad.top};
    const Axis columns{op.ifm.width * times, op.ofm.width,         op.kernel.width,
                       op.kernel.stride_x,   op.kernel.dilation_x, op.pad.left};
    return pairs(rows, {0, op.ofm.height}) * pairs(columns, {0, op.ofm.width}) * op.ofm.depth *
           (is_dense ? op.ifm.depth : 1);
}

}  // namespace

std::map<std::int32_t, std::int64_t> weight_bytes_of_operators(const CompiledNetwork& network) {
    std::map<std::int32_t, std::int64_t> result;
    std::set<std::tuple<std::int32_t, int, std::uint64_t, std::uint32_t>> known;
    const NpuSegment* last = nullptr;
    auto label = std::vector<CommandLabel>::const_iterator{};
    for_each_kernel(
        network, [&](const KernelOp& op, std::uint32_t index, const NpuSegment& segment) {
            if (last != &segment) label = segment.labels.begin();
            last = &segment;
            while (label != segment.labels.end() && label->command_index < index) ++label;
            if (label == segment.labels.end() || label->command_index != index) return;
            for_each_range(op, [&](int region, const stream::ByteRange& range) {
                if (known.emplace(label->graph_operator, region, range.base, range.length).second) {
                    result[label->graph_operator] += range.length;
                }
            });
        });
    return result;
}

StreamWork work_of_streams(const CompiledNetwork& network, const Target& target) {
    const Accelerator& accelerator = target.accelerator;
    const Architecture arch = architecture(accelerator);
    const std::int64_t peak = std::int64_t{accelerator.macs_per_cycle} * accelerator.cores;
    StreamWork work;
    const auto port = [&](int region) -> PortLoad& {
        return work.ports[static_cast<std::size_t>(port_of_region(target.memory_mode, region))];
    };
    std::set<std::pair<std::uint64_t, std::uint32_t>> known;
    for_each_kernel(network, [&](const KernelOp& op, std::uint32_t, const NpuSegment&) {
        for_each_range(op, [&](int region, const stream::ByteRange& range) {
            // What was copied may lie where something else did.
            if (region != region_constants || !known.emplace(range.base, range.length).second) {
                return;
            }
            port(region).weight_reads += range.length;
        });
        const bool wide = bytes_of(op.ifm.type) > 1;
        const bool is_dense = op.kind == KernelKind::conv;
        const bool is_max = op.kind == KernelKind::pool && op.pool_mode == stream::PoolMode::max;
        const std::int64_t outputs = std::int64_t{op.ofm.height} * op.ofm.width * op.ofm.depth;
        work.mac +=
            products_of(op) * (is_dense ? 1 : std::min(8, op.ifm.depth)) * (wide ? 2 : 1) / peak;
        work.output +=
            outputs * (is_max ? 1 : 2) / (std::int64_t{arch.output_lanes} * accelerator.cores);
        port(op.ofm.region).writes += outputs * bytes_of(op.ofm.type);
    });
    return work;
}

}  // namespace u65sim::bound
