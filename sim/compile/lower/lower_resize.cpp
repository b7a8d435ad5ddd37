// RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR by factors of two.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/joined_maps.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

/// The map with every element repeated `factor` times along both axes. The last doubling is left
/// to the reader (`rest` 2) or done here (`rest` 1).
View repeated(Lowering& lowering, View from, std::int32_t factor, std::int32_t rest) {
    for (; factor > rest; factor /= 2) {
        const Extent doubled{from.extent.h * 2, from.extent.w * 2, from.extent.c};
        View next = lowering.temporary(doubled, from.type, "x" + std::to_string(doubled.h));
        next.zero_point = from.zero_point;
        next.scale = from.scale;
        lowering.copy(from, next, {}).kernel.upscale = stream::Upscale::nearest;
        from = next;
    }
    return from;
}

void lower_nearest(Lowering& lowering, const View& from, const View& to, std::int32_t factor,
                   bool align) {
    if (align) {
        // Positions round to the nearest element: the repeated map without its first half step.
        const View whole = repeated(lowering, from, factor, 1);
        lowering.copy(lowering.part(whole, factor / 2, factor / 2, 0, to.extent), to, {});
        return;
    }
    lowering.copy(repeated(lowering, from, factor, 2), to, {}).kernel.upscale =
        stream::Upscale::nearest;
}

/// Two neighbours along an axis, and what of each a result takes, in parts of twice the factor.
struct Neighbours {
    Again again;  ///< the edge where one of them is missing
    std::array<int, 2> weights;
};
Neighbours neighbours(int position, int factor) {
    const int from_centre = 2 * position + 1 - factor;
    if (from_centre < 0) return {Again::first, {-from_centre, 2 * factor + from_centre}};
    return {Again::last, {2 * factor - from_centre, from_centre}};
}

/// The map with its first and last rows and columns twice, as Vela makes it.
View with_edges_twice(Lowering& lowering, const View& from) {
    const auto [h, w, c] = from.extent;
    View padded = lowering.temporary({h + 2, w + 2, c}, from.type, "padded");
    padded.zero_point = from.zero_point;
    padded.scale = from.scale;
    lowering.program().buffer(padded).linear = true;
    const auto copy = [&](const View& source, int y, int x) {
        lowering.copy(source, lowering.part(padded, y, x, 0, source.extent), {});
    };
    copy(from, 1, 1);
    copy(lowering.part(from, 0, 0, 0, {1, w, c}), 0, 1);
    copy(lowering.part(from, h - 1, 0, 0, {1, w, c}), h + 1, 1);
    copy(lowering.part(padded, 0, w, 0, {h + 2, 1, c}), 0, w + 1);
    copy(lowering.part(padded, 0, 1, 0, {h + 2, 1, c}), 0, 0);
    return padded;
}

/// A depthwise window of 2x2 for each position between elements, which makes every `factor`th
/// element of every `factor`th row. Where a window meets an edge, the map has its row or column
/// twice.
void add_phases(Lowering& lowering, const View& from, const View& to, std::int32_t factor) {
    // Halves away from zero, as the reference rounds them.
    constexpr std::int64_t largest = 65535;
    const arith::Multiplier scale =
        arith::multiplier_for_halves(1.0 / (4 * factor * factor), largest);
    const auto channels = static_cast<std::size_t>(from.extent.c);
    lowering.program().buffer(to).linear = true;
    const bool is_padded = lowering.program().rules.pads_before_resize;
    const View map = is_padded ? with_edges_twice(lowering, from) : from;
    for (std::int32_t y = 0; y < factor; ++y) {
        for (std::int32_t x = 0; x < factor; ++x) {
            const Neighbours rows = neighbours(y, factor), columns = neighbours(x, factor);
            View ifm = is_padded
                           ? lowering.part(map, rows.again == Again::last ? 1 : 0,
                                           columns.again == Again::last ? 1 : 0, 0, from.extent)
                           : map;
            if (!is_padded) {
                ifm.row_again = rows.again;
                ifm.column_again = columns.again;
            }
            ++ifm.extent.h;
            ++ifm.extent.w;
            // `factor` rows of the result as one, and as many of its elements.
            View ofm = to;
            ofm.storage = {to.storage.h / factor, to.storage.w, factor * to.storage.c};
            ofm.y = to.y / factor;
            ofm.x = y * (to.storage.w / factor) + to.x / factor;
            ofm.c = x * to.storage.c + to.c;
            ofm.extent = from.extent;
            NpuOp& npu = lowering.add(stream::KernelKind::depthwise, ifm, ofm);
            npu.kernel.kernel.height = npu.kernel.kernel.width = 2;
            npu.kernel.rounding = stream::Rounding::natural;
            npu.ifm.zero_point = npu.ofm.zero_point = 0;
            WeightSource w;
            w.form = WeightSource::Form::channels;
            w.outputs = from.extent.c;
            w.height = w.width = 2;
            w.zero_points = {0};
            std::vector<std::uint8_t> bytes;
            bytes.reserve(4 * channels);
            for (const int row : rows.weights) {
                for (const int column : columns.weights) {
                    bytes.insert(bytes.end(), channels, static_cast<std::uint8_t>(row * column));
                }
            }
            w.data = ConstantData(std::move(bytes));
            npu.weights = std::make_shared<const WeightSource>(std::move(w));
            npu.scales.assign(channels, {0, scale.multiplier, scale.shift});
        }
    }
}

/// Elements that are written apart keep a map from lying in bricks. A joined map off-chip then
/// comes in short runs to all who write and read it, which may take longer than a copy into it.
void lower_half_pixels(Lowering& lowering, const View& from, const View& to, std::int32_t factor) {
    if (!spoils_joined_map(lowering, from, to)) {
        add_phases(lowering, from, to, factor);
        return;
    }
    const View apart = like(lowering, to, "apart");
    const auto phases = [&](const View& ofm) {
        add_phases(lowering, from, ofm, factor);
        return cycles_of_last(lowering, factor * factor, 4 * std::int64_t{from.extent.c});
    };
    lowering.copy(apart, to, "/copy");
    const std::int64_t copied =
        cycles_of_last(lowering, 1) + phases(apart) + cycles_of_others(lowering);
    const std::int64_t in_place = phases(to) + cycles_of_others(lowering);
    Program& program = lowering.program();
    program.reasons.push_back(
        fmt::format("{}: {} cycles with a copy into the joined map, {} without", lowering.op().name,
                    copied, in_place));
    if (copied >= in_place) {
        add_phases(lowering, from, to, factor);
        return;
    }
    program.buffer(to).linear = false;
    add_phases(lowering, from, apart, factor);
    lowering.copy(apart, to, "/copy");
}

/// Whether a result can be written `factor` elements apart.
bool divides(const View& to, std::int32_t factor) {
    return to.y % factor == 0 && to.x % factor == 0 && to.storage.h % factor == 0 &&
           to.storage.w % factor == 0;
}

/// Averages over windows of the repeated map are the interpolated values, rounded once as the
/// reference rounds them.
void lower_bilinear(Lowering& lowering, const View& from, const View& to, std::int32_t factor,
                    const ResizeAttributes& form) {
    const bool half = form.half_pixel_centers;
    if (half && divides(to, factor)) {
        lower_half_pixels(lowering, from, to, factor);
        return;
    }
    const std::int32_t window = half ? 2 * factor : factor;
    NpuOp& npu = lowering.add(stream::KernelKind::pool, repeated(lowering, from, window, 2), to);
    npu.kernel.pool_mode = stream::PoolMode::average;
    npu.kernel.upscale = stream::Upscale::nearest;
    npu.kernel.kernel.height = npu.kernel.kernel.width = window;
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    if (half) {
        npu.kernel.kernel.stride_y = npu.kernel.kernel.stride_x = 2;
        npu.kernel.pad = {factor - 1, factor - 1, factor - 1, factor - 1};
    } else if (form.align_corners) {
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = divide_by(std::int64_t{window} * window);
    } else {
        npu.kernel.pad = {0, 0, factor - 1, factor - 1};
    }
}

}  // namespace

std::string support_resize(const Candidate& candidate) {
    if (auto text = candidate.one_batch(); !text.empty()) return text;
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (auto text = candidate.four_dimensions(); !text.empty()) return text;
    const auto* a = std::get_if<ResizeAttributes>(&candidate.op().attributes);
    const ResizeAttributes form = a ? *a : ResizeAttributes{};
    const Shape& in = candidate.map().shape;
    const Shape& out = candidate.output().shape;
    if (form.half_pixel_centers && form.align_corners) {
        return "corners are aligned and pixels have half centres";
    }
    if (in[1] == 1 && in[2] == 1) return {};
    const auto factor = resize_factor(in, out, form);
    if (!factor) {
        return fmt::format("{}x{} to {}x{} is no factor of 2, 4 or 8", in[1], in[2], out[1],
                           out[2]);
    }
    const bool bilinear = candidate.op().type == OpType::resize_bilinear;
    if (bilinear && form.half_pixel_centers && *factor > 4) {
        return "half-pixel centres with a factor of 8 need windows of 16x16: at most 8x8";
    }
    if (*factor > 1 && std::max(in[1], in[2]) * std::int64_t{2} * *factor > 65535) {
        return "the repeated map has more than 65535 rows or columns";
    }
    return {};
}

void lower_resize(Lowering& lowering) {
    const View from = lowering.input_view(0);
    const View to = lowering.output_view();
    const Operator& op = lowering.op();
    const auto* attributes = std::get_if<ResizeAttributes>(&op.attributes);
    const ResizeAttributes form = attributes ? *attributes : ResizeAttributes{};
    const std::int32_t factor =
        resize_factor(lowering.input(0).shape, lowering.output().shape, form).value_or(1);
    if (from.extent.h == 1 && from.extent.w == 1) {
        lowering.copy(lowering.spread(from, to.extent), to, {});
    } else if (factor == 1) {
        lowering.copy(from, to, {});
    } else if (op.type == OpType::resize_bilinear) {
        lower_bilinear(lowering, from, to, factor, form);
    } else {
        lower_nearest(lowering, from, to, factor, form.align_corners);
    }
}

}  // namespace u65sim::compiler
