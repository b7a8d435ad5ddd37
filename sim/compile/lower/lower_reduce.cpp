// MEAN, SUM, REDUCE_MAX and REDUCE_MIN over any of height, width and depth.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "arith/scaling.hpp"
#include "compile/lower/chain.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;

/// The part of the input one operation adds up.
struct Chunk {
    std::int32_t y = 0, x = 0, h = 1, w = 1;
};

/// Windows of at most 64 rows and 4096 elements that cover the reduced axes.
std::vector<Chunk> chunks_of(std::int32_t height, std::int32_t width) {
    constexpr std::int32_t most_rows = 64, most_elements = 4096;
    const std::int32_t columns = std::min(width, most_elements);
    const std::int32_t rows = std::min({height, most_rows, most_elements / columns});
    std::vector<Chunk> chunks;
    for (std::int32_t y = 0; y < height; y += rows) {
        for (std::int32_t x = 0; x < width; x += columns) {
            chunks.push_back({y, x, std::min(rows, height - y), std::min(columns, width - x)});
        }
    }
    return chunks;
}

/// One chunk's sums, without the input's zero point: a depthwise operation with weights of one, or
/// one filter of ones where the depth is added up as well.
void add_up(Lowering& lowering, const View& ifm, const Chunk& chunk, bool over_depth,
            const View& sums, std::string_view suffix) {
    NpuOp& npu =
        lowering.add(over_depth ? KernelKind::conv : KernelKind::depthwise, ifm, sums, suffix);
    npu.kernel.kernel.height = chunk.h;
    npu.kernel.kernel.width = chunk.w;
    WeightSource w;
    w.form = WeightSource::Form::ones;
    w.outputs = sums.extent.c;
    w.inputs = over_depth ? ifm.extent.c : 1;
    w.height = chunk.h;
    w.width = chunk.w;
    w.zero_points = {0};
    npu.weights = std::make_shared<const WeightSource>(std::move(w));
    npu.scales.assign(static_cast<std::size_t>(sums.extent.c), {0, 1, 0});
}

}  // namespace

namespace {

/// Whether one window of a pool covers the reduced axes.
bool fits_window(const ReducedAxes& axes, const Extent& in) {
    const std::int32_t rows = axes.h ? in.h : 1, columns = axes.w ? in.w : 1;
    return !axes.c && rows <= 256 && columns <= 32768 && std::int64_t{rows} * columns <= 65536;
}

/// Axes that are known and of one batch.
std::string support_axes(const Candidate& candidate, bool takes_batches = false) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    const ReducedAxes axes = reduced_axes(candidate.graph(), candidate.op());
    if (!axes.n && !axes.h && !axes.w && !axes.c) {
        return "axes are not constant, or none of height, width and depth";
    }
    const std::int32_t batch = batches_of(candidate.map());
    if (batch == 1 || (!axes.n && !axes.h)) return {};
    Extent each = extent_of(candidate.map().shape);
    each.h /= batch;
    if (takes_batches && !axes.n && fits_window(axes, each)) return candidate.few_batches();
    return fmt::format("batch is {}: must be 1", batch);
}

}  // namespace

std::string support_sum(const Candidate& candidate) {
    if (auto text = support_axes(candidate, true); !text.empty()) return text;
    const ReducedAxes axes = reduced_axes(candidate.graph(), candidate.op());
    const Extent in = extent_of(candidate.map().shape);
    // Sums must stay in 32 bits.
    const std::int64_t count =
        std::int64_t{axes.h ? in.h : 1} * (axes.w ? in.w : 1) * (axes.c ? in.c : 1);
    const Clamp range = full_clamp(*data_type(candidate.map().type));
    const std::int64_t zero = zero_point(candidate.map());
    const std::int64_t most = ((std::int64_t{1} << 31) - 1) /
                              std::max({range.max - zero, zero - range.min, std::int64_t{1}});
    if (count > most) {
        return fmt::format("{} elements come together: at most {}", count, most);
    }
    return {};
}

namespace {

/// What a sum is multiplied by: a factor / 2^shift of the scales, and of a mean's division.
struct SumScale {
    std::int32_t factor = 1;
    int shift = 0;
    stream::Rounding rounding = stream::Rounding::tfl;
};

/// `n` elements come together. A mean's division is folded into the multiplier, with as many bits
/// as stay exact.
SumScale scale_of_sum(const Lowering& lowering, std::int64_t n) {
    const double ratio = static_cast<double>(scale(lowering.input(0))) /
                         static_cast<double>(scale(lowering.output()));
    if (lowering.op().type == OpType::sum && arith::sum_rounds_once(lowering.input(0))) {
        const std::int64_t largest = is_8_bit(lowering.output().type) ? 255 : 32768;
        const auto once = arith::multiplier_for_halves(ratio, largest);
        return {static_cast<std::int32_t>(once.multiplier), once.shift, stream::Rounding::natural};
    }
    const auto m = arith::quantise(ratio);
    if (lowering.op().type != OpType::mean) n = 1;
    const int log2n = n > 1 ? static_cast<int>(std::floor(std::log2(static_cast<double>(n)))) : 0;
    const int r = std::min({log2n, 32, 31 + (31 - m.shift)});
    return {static_cast<std::int32_t>((static_cast<std::int64_t>(m.multiplier) << r) / n),
            m.shift + r};
}

/// Whether a pool is the form of a sum.
bool fits_pool(const Program& program, const ReducedAxes& axes, const Extent& in) {
    return program.rules.sums_by_pool && fits_window(axes, in);
}

/// An average pool multiplies its sums by any scale: a step of the array takes as many elements as
/// cycles, where a depthwise filter waits for its weights.
void pool_sums(Lowering& lowering, const View& ifm, const Extent& sums, std::int32_t batches,
               const SumScale& scale) {
    const View result = lowering.output_view();
    const View ofm = lowering.writable(result, sums);
    const std::int32_t rows = ifm.extent.h / batches, made = sums.h / batches;
    for (std::int32_t batch = 0; batch < batches; ++batch) {
        NpuOp& npu =
            lowering.add(KernelKind::pool,
                         lowering.part(ifm, batch * rows, 0, 0, {rows, ifm.extent.w, ifm.extent.c}),
                         lowering.part(ofm, batch * made, 0, 0, {made, sums.w, sums.c}));
        npu.kernel.pool_mode = stream::PoolMode::average;
        npu.kernel.kernel.height = rows - made + 1;
        npu.kernel.kernel.width = ifm.extent.w - sums.w + 1;
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = {static_cast<std::uint32_t>(scale.factor), scale.shift};
        npu.kernel.rounding = scale.rounding;
        lowering.activate(npu);
    }
    lowering.place(ofm, result);
}

}  // namespace

void lower_sum(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const ReducedAxes axes = reduced_axes(*lowering.program().graph, lowering.op());
    const std::int32_t batches = axes.h ? batches_of(lowering.input(0)) : 1;
    const Extent sums{axes.h ? batches : ifm.extent.h, axes.w ? 1 : ifm.extent.w,
                      axes.c ? 1 : ifm.extent.c};
    const SumScale scale = scale_of_sum(lowering, ifm.extent.elements() / sums.elements());
    if (batches > 1 || fits_pool(lowering.program(), axes, ifm.extent)) {
        return pool_sums(lowering, ifm, sums, batches, scale);
    }
    Chain chain(lowering);
    View total;
    for (const Chunk& chunk : chunks_of(axes.h ? ifm.extent.h : 1, axes.w ? ifm.extent.w : 1)) {
        const View from = lowering.part(
            ifm, chunk.y, chunk.x, 0,
            {axes.h ? chunk.h : ifm.extent.h, axes.w ? chunk.w : ifm.extent.w, ifm.extent.c});
        const std::string place =
            total.valid() ? fmt::format("sum at {},{}", chunk.y, chunk.x) : "sum";
        const View partial = chain.map(sums, place);
        add_up(lowering, from, chunk, axes.c, partial, place);
        if (!total.valid()) {
            total = partial;
            continue;
        }
        total = chain.apply(ElementwiseMode::add, total, partial,
                            fmt::format("sum to {},{}", chunk.y, chunk.x));
    }
    const View factor = chain.scalar(scale.factor, "factor");
    const View result = lowering.output_view();
    const View ofm = lowering.writable(result, sums);
    NpuOp& npu = lowering.add(KernelKind::elementwise, total, ofm);
    npu.kernel.elementwise_mode = ElementwiseMode::mul;
    npu.ifm2 = factor;
    npu.kernel.broadcast.height = npu.kernel.broadcast.width = npu.kernel.broadcast.depth = true;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = {1, scale.shift};
    npu.kernel.rounding = scale.rounding;
    lowering.activate(npu);
    lowering.place(ofm, result);
}

namespace {

/// The smaller half of an axis: each element the least of two, which may be the same one.
View halved(Lowering& lowering, const View& from, std::int32_t Extent::*axis, const View* last) {
    const std::int32_t n = from.extent.*axis;
    Extent half = from.extent;
    half.*axis = (n + 1) / 2;
    Extent offset{0, 0, 0};
    offset.*axis = n - half.*axis;
    const View to = last != nullptr ? *last : lowering.temporary(half, from.type, "least");
    NpuOp& npu = lowering.add(KernelKind::elementwise, lowering.part(from, 0, 0, 0, half), to,
                              fmt::format("least of {}", n));
    npu.kernel.elementwise_mode = ElementwiseMode::min;
    npu.ifm2 = lowering.part(from, offset.h, offset.w, offset.c, half);
    npu.ifm.zero_point = npu.ifm2.zero_point = npu.ofm.zero_point = 0;
    return npu.ofm;
}

}  // namespace

std::string support_reduce_min(const Candidate& candidate) {
    if (auto text = support_axes(candidate); !text.empty()) return text;
    if (!same_quantization(candidate.map(), candidate.output())) {
        return "input and output scales differ";
    }
    return {};
}

/// MINIMUM of both halves of each axis again and again.
void lower_reduce_min(Lowering& lowering) {
    const ReducedAxes axes = reduced_axes(*lowering.program().graph, lowering.op());
    const View result = lowering.output_view();
    View from = lowering.input_view(0);
    std::vector<std::int32_t Extent::*> order;
    if (axes.h) order.push_back(&Extent::h);
    if (axes.w) order.push_back(&Extent::w);
    if (axes.c) order.push_back(&Extent::c);
    Extent least = from.extent;
    for (const auto axis : order) least.*axis = 1;
    const View made = lowering.writable(result, least);
    if (from.extent == least) lowering.copy(from, made, {});
    for (const auto axis : order) {
        while (from.extent.*axis > 1) {
            Extent next = from.extent;
            next.*axis = (next.*axis + 1) / 2;
            from = halved(lowering, from, axis, next == least ? &made : nullptr);
        }
    }
    lowering.place(made, result);
}

std::string support_reduce_max(const Candidate& candidate) {
    if (auto text = support_reduce_min(candidate); !text.empty()) return text;
    const ReducedAxes axes = reduced_axes(candidate.graph(), candidate.op());
    const Extent in = extent_of(candidate.map().shape);
    const std::int32_t rows = axes.h ? in.h : 1;
    if (rows > 256 || std::int64_t{rows} * (axes.w ? in.w : 1) > 65536) {
        return fmt::format("window is {}x{}: at most 256 high and 65536 elements", rows,
                           axes.w ? in.w : 1);
    }
    const std::int64_t positions = std::int64_t{axes.h ? 1 : in.h} * (axes.w ? 1 : in.w);
    if (axes.c && positions > 65535) return "more than 65535 positions";
    return {};
}

/// Height and width in one pool, the depth as the width of another one.
void lower_reduce_max(Lowering& lowering) {
    const ReducedAxes axes = reduced_axes(*lowering.program().graph, lowering.op());
    const View result = lowering.output_view();
    View from = lowering.input_view(0);
    const Extent flat{axes.h ? 1 : from.extent.h, axes.w ? 1 : from.extent.w, from.extent.c};
    if (axes.h || axes.w) {
        const View to = axes.c ? lowering.temporary(flat, from.type, "columns")
                               : lowering.writable(result, flat);
        NpuOp& npu = lowering.add(KernelKind::pool, from, to, "window");
        npu.kernel.pool_mode = stream::PoolMode::max;
        npu.kernel.kernel.height = axes.h ? from.extent.h : 1;
        npu.kernel.kernel.width = axes.w ? from.extent.w : 1;
        npu.ifm.zero_point = npu.ofm.zero_point = 0;
        if (!axes.c) {
            lowering.place(to, result);
            return;
        }
        from = to;
    }
    const auto rows = static_cast<std::int32_t>(from.extent.elements() / from.extent.c);
    const View ofm = lowering.writable(result, {rows, 1, 1});
    Chain(lowering).row_maximum(lowering.reshaped(from, {rows, from.extent.c, 1}), from.extent.c,
                                ofm);
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
