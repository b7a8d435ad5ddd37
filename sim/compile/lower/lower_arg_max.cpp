// ARG_MAX over the depth: the position rides in the low bits of each element.
#include <fmt/format.h>

#include "arith/tables.hpp"
#include "compile/lower/chain.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;
using stream::KernelKind;

constexpr std::int32_t position_bits = 7;
constexpr std::int32_t last_position = (1 << position_bits) - 1;

/// A depthwise operation of one element that keeps sums as they are.
NpuOp& depthwise(Lowering& lowering, const View& ifm, const View& ofm, std::string_view suffix,
                 WeightSource w = {WeightSource::Form::ones}) {
    NpuOp& npu = lowering.add(KernelKind::depthwise, ifm, ofm, suffix);
    w.outputs = ifm.extent.c;
    w.zero_points = {0};
    npu.weights = std::make_shared<const WeightSource>(std::move(w));
    npu.scales.assign(static_cast<std::size_t>(ifm.extent.c), {0, 1, 0});
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    return npu;
}

/// Elements in a row as a map of many channels, which a block takes at once.
Extent folded(std::int32_t elements) {
    std::int32_t depth = 16;  // of a brick
    while (elements % depth != 0) depth /= 2;
    const std::int32_t columns = elements / depth % 2 == 0 ? 2 : 1;
    return {elements / depth / columns, columns, depth};
}

}  // namespace

std::string support_arg_max(const Candidate& candidate) {
    if (!is_8_bit(candidate.map().type)) return "only 8-bit ARG_MAX is lowered";
    if (candidate.output().type != ElementType::int32 &&
        candidate.output().type != ElementType::int64) {
        return fmt::format("output is {}: must be int32 or int64",
                           to_string(candidate.output().type));
    }
    const Shape& in = candidate.map().shape;
    if (!candidate.parameter(1) || integers(candidate.input(1)).size() != 1)
        return "the axis is not constant";
    const auto axis = normalise_axis(integers(candidate.input(1))[0], in.size());
    if (axis + 1 != static_cast<std::int32_t>(in.size())) return "only the depth is lowered";
    if (in.back() > 127) return fmt::format("depth is {}: at most 127", in.back());
    if (extent_of(in).elements() / in.back() > 65535) return "more than 65535 positions";
    return {};
}

void lower_arg_max(Lowering& lowering) {
    const View in = lowering.input_view(0);
    const std::int32_t depth = in.extent.c;
    const auto rows = static_cast<std::int32_t>(in.extent.elements() / depth);
    // element * 128 + 127 - position: of equal elements the first is the largest.
    const View marked = lowering.temporary(in.extent, DataType::s16, "marked");
    {
        WeightSource w;
        w.form = WeightSource::Form::channels;
        w.is_unsigned = true;
        w.data = ConstantData(
            std::vector<std::uint8_t>(static_cast<std::size_t>(depth), 1U << position_bits));
        NpuOp& npu = depthwise(lowering, in, marked, "mark", std::move(w));
        for (std::int32_t c = 0; c < depth; ++c) {
            npu.scales[static_cast<std::size_t>(c)].bias = last_position - c;
        }
    }
    // The table keeps the low bits alone: every step falls from 127 to -1.
    const View position = lowering.temporary({rows, 1, 1}, DataType::s16, "position");
    {
        Chain chain(lowering);
        NpuOp& npu = chain.row_maximum(marked, depth, position);
        constexpr std::uint32_t fall = 0x10000U - (1U << position_bits);
        arith::Table16 table{};
        table.fill(fall << 16 | static_cast<std::uint32_t>(last_position));
        npu.kernel.activation.function = 16;
        npu.lut = bytes_of(table);
    }
    const View result = lowering.output_view();
    const bool wide = lowering.output().type == ElementType::int64;
    const View ofm = lowering.writable(result, {rows, 1, wide ? 2 : 1});
    const Extent map = folded(rows);
    const View positions = lowering.reshaped(position, map);
    if (wide) {
        // Two filters for each element: the position, and nothing for the upper half.
        const Extent halves{map.h, map.w, 2 * map.c};
        NpuOp& npu =
            lowering.add(KernelKind::conv, positions, lowering.reshaped(ofm, halves), "widen");
        std::vector<std::uint8_t> filters(static_cast<std::size_t>(halves.c * map.c), 0);
        for (std::int32_t c = 0; c < map.c; ++c) {
            filters[static_cast<std::size_t>(2 * c * map.c + c)] = 1;
        }
        WeightSource w;
        w.outputs = halves.c;
        w.inputs = map.c;
        w.data = ConstantData(std::move(filters));
        w.zero_points = {0};
        npu.weights = std::make_shared<const WeightSource>(std::move(w));
        npu.scales.assign(static_cast<std::size_t>(halves.c), {0, 1, 0});
        npu.ifm.zero_point = npu.ofm.zero_point = 0;
    } else {
        depthwise(lowering, positions, lowering.reshaped(ofm, map), "widen");
    }
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
