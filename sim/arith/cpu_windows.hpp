// The loops of convolutions and fully connected layers, over a layer of any arithmetic.
//
// A layer has `inputs` and `weights` (zero points removed), the weights' tensor `filter`, the type
// Value of products and sums, the type Result, and finish(sum, row, channel): the output stage. A
// row is what was quantised together: the whole batch, or a row of a fully connected layer.
#pragma once

#include <algorithm>

#include <fmt/format.h>

#include "arith/cpu_operands.hpp"

namespace u65sim::arith {

inline CpuBytes store_results(const CpuCall& call, const std::vector<std::int64_t>& values) {
    return store_raw(call, call.output().type, values);
}
inline CpuBytes store_results(const CpuCall&, const std::vector<float>& values) {
    return store_floats(values);
}

/// Extents of a map with batch, rows, columns and depth.
struct CpuMap {
    std::int64_t n, h, w, c;
    CpuMap(const CpuCall& call, const Tensor& tensor) {
        if (tensor.shape.size() != 4) {
            call.not_executable(fmt::format("{}: must have 4 dimensions", tensor.name));
        }
        n = tensor.shape[0];
        h = tensor.shape[1];
        w = tensor.shape[2];
        c = tensor.shape[3];
    }
    [[nodiscard]] std::size_t at(std::int64_t b, std::int64_t y, std::int64_t x,
                                 std::int64_t channel) const {
        return static_cast<std::size_t>(((b * h + y) * w + x) * c + channel);
    }
};

template <class AnyLayer>
CpuResults run_convolution(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const auto& window = call.attributes<WindowAttributes>();
    const bool depthwise = call.op.type == OpType::depthwise_conv_2d;
    const AnyLayer layer{call, 0, 2, depthwise ? std::size_t{3} : std::size_t{0},
                         window.activation};
    const CpuMap in{call, *call.input(0).tensor};
    const CpuMap out{call, call.output()};
    const CpuMap kernel{call, layer.filter};
    const std::int64_t filters = depthwise ? kernel.c : kernel.n;
    const std::int64_t depth = depthwise ? 1 : kernel.c;
    if (filters != out.c || depth < 1 || in.c % depth != 0 || out.n != in.n ||
        out.c % (depthwise ? in.c : in.c / depth) != 0) {
        call.invalid("the filters' shape disagrees with the maps");
    }
    const std::int64_t outputs_a_group = depthwise ? out.c / in.c : out.c / (in.c / depth);
    const std::int64_t top =
        padding_before(window.padding, in.h, out.h, kernel.h, window.stride_h, window.dilation_h);
    const std::int64_t left =
        padding_before(window.padding, in.w, out.w, kernel.w, window.stride_w, window.dilation_w);
    std::vector<typename AnyLayer::Result> result;
    result.reserve(static_cast<std::size_t>(elements(call.output())));
    for_each_place(out.n, out.h, out.w, [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        for (std::int64_t o = 0; o < out.c; ++o) {
            const std::int64_t first = o / outputs_a_group * depth;
            Value sum{0};
            for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
                const std::int64_t iy = y * window.stride_h + ky * window.dilation_h - top;
                if (iy < 0 || iy >= in.h) continue;
                for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
                    const std::int64_t ix = x * window.stride_w + kx * window.dilation_w - left;
                    if (ix < 0 || ix >= in.w) continue;
                    const Value* from = &layer.inputs[in.at(b, iy, ix, first)];
                    const Value* with = &layer.weights[depthwise ? kernel.at(0, ky, kx, o)
                                                                 : kernel.at(o, ky, kx, 0)];
                    for (std::int64_t c = 0; c < depth; ++c) sum += from[c] * with[c];
                }
            }
            result.push_back(
                layer.finish(sum, static_cast<std::size_t>(b), static_cast<std::size_t>(o)));
        }
    });
    return {store_results(call, result)};
}

template <class AnyLayer>
CpuResults run_transpose_convolution(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const auto& window = call.attributes<WindowAttributes>();
    const AnyLayer layer{call, 2, 3, 0, window.activation};
    const CpuMap in{call, *call.input(2).tensor};
    const CpuMap out{call, call.output()};
    const CpuMap kernel{call, layer.filter};
    if (kernel.n != out.c || kernel.c != in.c || out.n != in.n) {
        call.invalid("the filters' shape disagrees with the maps");
    }
    // The forward convolution's padding.
    const std::int64_t top =
        padding_before(window.padding, out.h, in.h, kernel.h, window.stride_h, 1);
    const std::int64_t left =
        padding_before(window.padding, out.w, in.w, kernel.w, window.stride_w, 1);
    std::vector<Value> sums(static_cast<std::size_t>(elements(call.output())), Value{0});
    for_each_place(in.n, in.h, in.w, [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const Value* from = &layer.inputs[in.at(b, y, x, 0)];
        for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
            const std::int64_t oy = y * window.stride_h + ky - top;
            if (oy < 0 || oy >= out.h) continue;
            for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
                const std::int64_t ox = x * window.stride_w + kx - left;
                if (ox < 0 || ox >= out.w) continue;
                for (std::int64_t o = 0; o < out.c; ++o) {
                    const Value* with = &layer.weights[kernel.at(o, ky, kx, 0)];
                    Value& sum = sums[out.at(b, oy, ox, o)];
                    for (std::int64_t c = 0; c < in.c; ++c) sum += from[c] * with[c];
                }
            }
        }
    });
    std::vector<typename AnyLayer::Result> result;
    result.reserve(sums.size());
    const auto channels = static_cast<std::size_t>(out.c);
    const std::size_t positions = static_cast<std::size_t>(out.h * out.w);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        result.push_back(layer.finish(sums[i], i / channels / positions, i % channels));
    }
    return {store_results(call, result)};
}

template <class AnyLayer>
CpuResults run_fully_connected(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const AnyLayer layer{call, 0, 2, 0, call.attributes<FullyConnectedAttributes>().activation};
    if (layer.filter.shape.size() != 2) call.invalid("weights must have 2 dimensions");
    const auto units = static_cast<std::size_t>(layer.filter.shape[0]);
    const auto depth = static_cast<std::size_t>(layer.filter.shape[1]);
    if (depth == 0 || layer.inputs.size() % depth != 0) {
        call.invalid(fmt::format("{} elements are no rows of {}", layer.inputs.size(), depth));
    }
    if (call.output().shape.back() != layer.filter.shape[0]) {
        call.invalid("the output's depth disagrees with the weights");
    }
    std::vector<typename AnyLayer::Result> result;
    for (std::size_t row = 0; row < layer.inputs.size(); row += depth) {
        for (std::size_t o = 0; o < units; ++o) {
            Value sum{0};
            for (std::size_t i = 0; i < depth; ++i) {
                sum += layer.inputs[row + i] * layer.weights[o * depth + i];
            }
            result.push_back(layer.finish(sum, row / depth, o));
        }
    }
    return {store_results(call, result)};
}

}  // namespace u65sim::arith
