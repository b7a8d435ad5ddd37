// Resizing on the CPU: nearest and bilinear, in the reference's steps.
#include <algorithm>
#include <cmath>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

/// Input elements from one output position to the next.
float step_of(std::int64_t in, std::int64_t out, const ResizeAttributes& form) {
    return form.align_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                         : static_cast<float>(in) / static_cast<float>(out);
}

/// The source of one output position along an axis: elements `low` and `high`, `fraction` of the
/// way from one to the other in units of 1/1024 (it may lie outside of 0..1024 at the borders,
/// where both are the same element).
struct Blend {
    std::int64_t low, high, fraction;
};

constexpr std::int64_t unit = 1024;

std::vector<Blend> blends(std::int64_t in, std::int64_t out, const ResizeAttributes& form) {
    std::int64_t step = (unit * in + out / 2) / out;
    if (form.align_corners && out > 1) step = (unit * (in - 1) + (out - 1) / 2) / (out - 1);
    std::vector<Blend> result;
    for (std::int64_t i = 0; i < out; ++i) {
        std::int64_t at = i * step;
        if (form.half_pixel_centers) at += step / 2 - unit / 2;
        const std::int64_t low = std::clamp<std::int64_t>(at / unit, 0, in - 1);
        const std::int64_t high = std::clamp<std::int64_t>((at + unit - 1) / unit, 0, in - 1);
        result.push_back({low, high, at - unit * low});
    }
    return result;
}

/// The same in single precision, which the reference uses for uint8 and float maps.
struct FloatBlend {
    std::int64_t low, high;
    float fraction;
};

std::vector<FloatBlend> float_blends(std::int64_t in, std::int64_t out,
                                     const ResizeAttributes& form) {
    const float step = step_of(in, out, form);
    std::vector<FloatBlend> result;
    for (std::int64_t i = 0; i < out; ++i) {
        const auto place = static_cast<float>(i);
        const float at = form.half_pixel_centers ? (place + 0.5F) * step - 0.5F : place * step;
        const auto low = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0);
        const auto high =
            std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(at)), 0, in - 1);
        result.push_back({std::min(low, in - 1), high, at - static_cast<float>(low)});
    }
    return result;
}

std::vector<std::int64_t> nearest(std::int64_t in, std::int64_t out, const ResizeAttributes& form) {
    const float step = step_of(in, out, form);
    const float offset = form.half_pixel_centers ? 0.5F : 0.0F;
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i < out; ++i) {
        const float at = (static_cast<float>(i) + offset) * step;
        const float chosen = form.align_corners ? std::round(at) : std::floor(at);
        result.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(chosen), 0, in - 1));
    }
    return result;
}

std::vector<float> bilinear(const std::vector<float>& map, const Shape& in, const Shape& out,
                            const ResizeAttributes& form, float rounding) {
    const auto rows = float_blends(in[1], out[1], form);
    const auto columns = float_blends(in[2], out[2], form);
    std::vector<float> result;
    for_each_place(out[0], out[1], out[2], [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const FloatBlend& v = rows[static_cast<std::size_t>(y)];
        const FloatBlend& h = columns[static_cast<std::size_t>(x)];
        for (std::int64_t c = 0; c < in[3]; ++c) {
            const auto at = [&](std::int64_t row, std::int64_t column) {
                return map[static_cast<std::size_t>(((b * in[1] + row) * in[2] + column) * in[3] +
                                                    c)];
            };
            result.push_back(at(v.low, h.low) * (1 - v.fraction) * (1 - h.fraction) +
                             at(v.high, h.low) * v.fraction * (1 - h.fraction) +
                             at(v.low, h.high) * (1 - v.fraction) * h.fraction +
                             at(v.high, h.high) * v.fraction * h.fraction + rounding);
        }
    });
    return result;
}

}  // namespace

CpuResults cpu_resize(const CpuCall& call) {
    const auto& form = call.attributes<ResizeAttributes>();
    const CpuOperand& input = call.input(0);
    const Shape& in = input.tensor->shape;
    const Shape& out = call.output().shape;
    if (in.size() != 4 || out.size() != 4 || in[0] != out[0] || in[3] != out[3] ||
        elements(*input.tensor) < 1) {
        call.invalid("a resize needs maps of 4 dimensions and equal depth");
    }
    const bool bilinear_form = call.op.type == OpType::resize_bilinear;
    if (bilinear_form && input.tensor->type == ElementType::float32) {
        return {store_floats(bilinear(float_values(call, input), in, out, form, 0.0F))};
    }
    const auto raw = raw_values(call, input);
    if (bilinear_form && input.tensor->type == ElementType::uint8) {
        const std::vector<float> map(input.bytes.begin(), input.bytes.end());
        CpuBytes bytes;
        for (const float value : bilinear(map, in, out, form, 0.5F)) {
            bytes.push_back(static_cast<std::uint8_t>(value));
        }
        return {bytes};
    }
    const auto at = [&](std::int64_t b, std::int64_t y, std::int64_t x, std::int64_t c) {
        return raw[static_cast<std::size_t>(((b * in[1] + y) * in[2] + x) * in[3] + c)];
    };
    std::vector<std::int64_t> result;
    result.reserve(static_cast<std::size_t>(elements(call.output())));
    if (!bilinear_form) {
        const auto rows = nearest(in[1], out[1], form);
        const auto columns = nearest(in[2], out[2], form);
        for_each_place(out[0], out[1], out[2], [&](std::int64_t b, std::int64_t y, std::int64_t x) {
            for (std::int64_t c = 0; c < in[3]; ++c) {
                result.push_back(at(b, rows[static_cast<std::size_t>(y)],
                                    columns[static_cast<std::size_t>(x)], c));
            }
        });
        return {store_raw(call, call.output().type, result)};
    }
    const auto rows = blends(in[1], out[1], form);
    const auto columns = blends(in[2], out[2], form);
    for_each_place(out[0], out[1], out[2], [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const Blend& v = rows[static_cast<std::size_t>(y)];
        const Blend& h = columns[static_cast<std::size_t>(x)];
        for (std::int64_t c = 0; c < in[3]; ++c) {
            const std::int64_t sum =
                at(b, v.low, h.low, c) * (unit - v.fraction) * (unit - h.fraction) +
                at(b, v.high, h.low, c) * v.fraction * (unit - h.fraction) +
                at(b, v.low, h.high, c) * (unit - v.fraction) * h.fraction +
                at(b, v.high, h.high, c) * v.fraction * h.fraction;
            constexpr std::int64_t half = unit * unit / 2;
            result.push_back((sum + (sum > 0 ? half : -half)) / (unit * unit));
        }
    });
    return {store_raw(call, call.output().type, result)};
}

}  // namespace u65sim::arith
