#include "oracle/graph_hash.hpp"

#include <bit>
#include <type_traits>

#include "base/hash.hpp"

namespace u65sim::oracle {

namespace {

/// Feeds values of any kind to the hasher. The attributes are taken apart by structured bindings:
/// a member that is added to one of them does not compile until it is hashed too.
class Feed {
public:
    explicit Feed(std::uint64_t seed) : hasher_{seed} {}

    [[nodiscard]] std::uint64_t digest() const { return hasher_.digest(); }

    template <class... Values>
    void all(const Values&... values) {
        (one(values), ...);
    }

    void one(const std::string& text) { hasher_.add(std::string_view{text}); }
    void one(const std::vector<std::uint8_t>& bytes) { hasher_.add(std::span{bytes}); }
    void one(float value) { one(std::bit_cast<std::uint32_t>(value)); }
    template <class Value>
    requires std::is_integral_v<Value> || std::is_enum_v<Value>
    void one(Value value) { hasher_.add(static_cast<std::uint64_t>(value)); }
    template <class Value>
    void one(const std::vector<Value>& values) {
        one(values.size());
        for (const Value& value : values) one(value);
    }

    void one(const Quantization& value) {
        const auto& [scales, zero_points, axis] = value;
        all(scales, zero_points, axis);
    }
    void one(const Tensor& value) {
        const auto& [name, shape, type, quantization, data, is_variable] = value;
        all(name, shape, type, quantization, static_cast<bool>(data), is_variable);
        if (data) one(data.bytes());
    }
    void one(const Operator& value) {
        const auto& [name, type, inputs, outputs, attributes, builtin_code, version, custom_code,
                     custom_options, intermediates] = value;
        all(name, type, inputs, outputs, attributes.index(), builtin_code, version, custom_code,
            custom_options, intermediates);
        std::visit([this](const auto& held) { attribute(held); }, attributes);
    }
    void one(const Metadata& value) {
        const auto& [name, bytes] = value;
        all(name, bytes);
    }
    void one(const Graph& value) {
        const auto& [name, description, tensors, operators, inputs, outputs, metadata] = value;
        all(name, description, tensors, operators, inputs, outputs, metadata);
    }

private:
    void attribute(std::monostate) {}
    void attribute(const WindowAttributes& value) {
        const auto& [padding, stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w,
                     depth_multiplier, activation] = value;
        all(padding, stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w,
            depth_multiplier, activation);
    }
    void attribute(const FullyConnectedAttributes& value) {
        const auto& [activation, keep_num_dims] = value;
        all(activation, keep_num_dims);
    }
    void attribute(const ArithmeticAttributes& value) {
        const auto& [activation, pot_scale_int16] = value;
        all(activation, pot_scale_int16);
    }
    void attribute(const SoftmaxAttributes& value) {
        const auto& [beta] = value;
        one(beta);
    }
    void attribute(const LeakyReluAttributes& value) {
        const auto& [alpha] = value;
        one(alpha);
    }
    void attribute(const ReduceAttributes& value) {
        const auto& [keep_dims] = value;
        one(keep_dims);
    }
    void attribute(const AxisAttributes& value) {
        const auto& [axis, count, activation, batch_dims] = value;
        all(axis, count, activation, batch_dims);
    }
    void attribute(const ReshapeAttributes& value) {
        const auto& [new_shape] = value;
        one(new_shape);
    }
    void attribute(const SqueezeAttributes& value) {
        const auto& [dims] = value;
        one(dims);
    }
    void attribute(const StridedSliceAttributes& value) {
        const auto& [begin, end, ellipsis, new_axis, shrink] = value;
        all(begin, end, ellipsis, new_axis, shrink);
    }
    void attribute(const ResizeAttributes& value) {
        const auto& [align_corners, half_pixel_centers] = value;
        all(align_corners, half_pixel_centers);
    }
    void attribute(const BatchMatmulAttributes& value) {
        const auto& [adjoint_x, adjoint_y] = value;
        all(adjoint_x, adjoint_y);
    }
    void attribute(const LstmAttributes& value) {
        const auto& [activation, cell_clip, projection_clip, time_major] = value;
        all(activation, cell_clip, projection_clip, time_major);
    }
    void attribute(const GeluAttributes& value) {
        const auto& [approximate] = value;
        one(approximate);
    }
    void attribute(const MirrorPadAttributes& value) {
        const auto& [symmetric] = value;
        one(symmetric);
    }

    Hasher hasher_;
};

}  // namespace

std::uint64_t hash_graph(const Graph& graph, std::uint64_t seed) {
    Feed feed{seed};
    feed.one(graph);
    return feed.digest();
}

}  // namespace u65sim::oracle
