#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "compile/lower/lowering.hpp"
#include "compile/lower/rearrange.hpp"
#include "compile/passes.hpp"
#include "ir/builtins.hpp"
#include "ir/op_kinds.hpp"

namespace u65sim::compiler {

namespace {

bool is_8_bit(ElementType type) { return type == ElementType::int8 || type == ElementType::uint8; }

/// Answers for one operator; an empty text means the NPU takes it.
class Check {
public:
    Check(const Program& program, const Operator& op) : program_(program), op_(op) {}

    std::string reason() {
        if (auto text = operands(); !text.empty()) return text;
        if (ir::clamp_of(op_.type)) return rescale();
        if (ir::is_curve(op_.type)) return unary();
        switch (op_.type) {
            case OpType::conv_2d:
            case OpType::depthwise_conv_2d:
            case OpType::transpose_conv:
                return convolution();
            case OpType::fully_connected:
                return fully_connected();
            case OpType::average_pool_2d:
            case OpType::max_pool_2d:
                return pool();
            case OpType::mean:
            case OpType::sum:
            case OpType::reduce_max:
            case OpType::reduce_min:
                return reduction();
            case OpType::add:
            case OpType::sub:
            case OpType::mul:
            case OpType::minimum:
            case OpType::maximum:
            case OpType::squared_difference:
            case OpType::prelu:
                return binary();
            case OpType::quantize:
                return rescale();
            case OpType::abs:
                return unary();
            case OpType::neg:
                return negation();
            case OpType::tile:
            case OpType::reverse_v2:
            case OpType::mirror_pad:
            case OpType::space_to_depth:
            case OpType::depth_to_space:
                return rearranged();
            case OpType::softmax:
                return softmax();
            case OpType::concatenation:
            case OpType::pack:
                return concatenation();
            case OpType::split:
            case OpType::split_v:
            case OpType::slice:
            case OpType::strided_slice:
            case OpType::unpack:
                return slice();
            case OpType::reshape:
            case OpType::squeeze:
            case OpType::expand_dims:
                return same_type_and_scale();
            case OpType::transpose:
                return transpose();
            case OpType::pad:
                return pad();
            case OpType::resize_bilinear:
            case OpType::resize_nearest_neighbor:
                return resize();
            case OpType::arg_max:
                return arg_max();
            default:
                return fmt::format("{} has no form on the NPU", ir::kind_name(op_));
        }
    }

private:
    const Tensor& input(std::size_t i) const { return program_.tensor(op_.inputs.at(i)); }
    const Tensor& map() const { return input(map_operands(op_).front()); }
    const Tensor& output() const { return program_.tensor(op_.outputs.at(0)); }
    bool constant(std::size_t i) const {
        return i < op_.inputs.size() && op_.inputs[i] >= 0 && input(i).data;
    }
    bool parameter(std::size_t i) const { return constant(i) && is_parameter(input(i)); }
    bool present(std::size_t i) const { return i < op_.inputs.size() && op_.inputs[i] >= 0; }

    std::string tensor(const Tensor& t, const char* role) const {
        if (!data_type(t.type)) {
            return fmt::format("{} '{}' is {}: the NPU takes int8, uint8, int16 and int32", role,
                               t.name, to_string(t.type));
        }
        if (t.shape.size() > 4) {
            return fmt::format("{} '{}' has {} dimensions: at most 4", role, t.name,
                               t.shape.size());
        }
        for (const auto extent : t.shape) {
            if (extent < 1 || extent > 65535) {
                return fmt::format("{} '{}' is {}: every dimension must be 1 to 65535", role,
                                   t.name, to_string(t.shape));
            }
        }
        const Extent extent = extent_of(t.shape);
        if (extent.h > 65535) {
            return fmt::format("{} '{}' has {} rows with its batch: at most 65535", role, t.name,
                               extent.h);
        }
        if (t.type == ElementType::int32) {
            const bool plain = op_.type == OpType::add || op_.type == OpType::sub ||
                               op_.type == OpType::mul || op_.type == OpType::neg ||
                               op_.type == OpType::transpose;
            if (plain) return {};
            return fmt::format(
                "{} '{}' is int32, which ADD, SUB, MUL, NEG and TRANSPOSE alone take", role,
                t.name);
        }
        if (t.quantization.scales.size() != 1) {
            return fmt::format("{} '{}' needs one scale for the whole tensor", role, t.name);
        }
        if (!std::isfinite(t.quantization.scales[0]) || t.quantization.scales[0] <= 0) {
            return fmt::format("{} '{}' has scale {}: must be finite and positive", role, t.name,
                               t.quantization.scales[0]);
        }
        return {};
    }

    std::string operands() const {
        const auto maps = map_operands(op_);
        if (maps.empty() || op_.outputs.empty()) {
            return fmt::format("{} has no form on the NPU", ir::kind_name(op_));
        }
        for (const auto i : maps) {
            if (!present(i)) return fmt::format("operand {} is missing", i);
            if (auto text = tensor(input(i), "input"); !text.empty()) return text;
        }
        // Positions have no scale.
        const bool positions = op_.type == OpType::arg_max;
        for (const auto id : op_.outputs) {
            if (positions) break;
            if (auto text = tensor(program_.tensor(id), "output"); !text.empty()) return text;
        }
        if (const auto a = activation_of(op_); a == Activation::sign_bit || a == Activation::tanh) {
            return "its fused activation is not a clamp";
        }
        return {};
    }

    std::string one_batch() const {
        if (map().shape.size() == 4 && map().shape[0] != 1) {
            return fmt::format("batch is {}: must be 1", map().shape[0]);
        }
        return {};
    }

    std::string bias(std::size_t index) const {
        if (!present(index)) return {};
        const Tensor& t = input(index);
        if (!t.data) return "bias is not constant";
        if (t.type != ElementType::int32 && t.type != ElementType::int64) {
            return fmt::format("bias is {}: must be int32 or int64", to_string(t.type));
        }
        for (const auto value : integers(t)) {
            if (value >= (std::int64_t{1} << 39) || value < -(std::int64_t{1} << 39)) {
                return fmt::format("bias {} needs more than 40 bits", value);
            }
        }
        return {};
    }

    std::string weights(const Tensor& t) const {
        if (!t.data) return "weights are not constant";
        if (!is_8_bit(t.type)) {
            return fmt::format("weights are {}: must be int8 or uint8", to_string(t.type));
        }
        if (t.quantization.empty()) return "weights have no scale";
        return {};
    }

    std::string types() const {
        const auto in = map().type;
        const auto out = output().type;
        if (in != out) {
            return fmt::format("input is {} and output {}", to_string(in), to_string(out));
        }
        return {};
    }

    std::string same_type_and_scale() const {
        if (auto text = types(); !text.empty()) return text;
        if (!same_quantization(map(), output())) return "input and output scales differ";
        return {};
    }

    /// Strides above 3 take an operation an output along their axis, so only few. `narrow`: the
    /// width's stride is made smaller by folding columns.
    std::string strides(const WindowAttributes& window, bool narrow) const {
        constexpr std::int64_t most_pieces = 256;
        if (window.stride_h < 1 || window.stride_w < 1) {
            return fmt::format("strides are {}x{}: must be at least 1", window.stride_h,
                               window.stride_w);
        }
        const Extent out = extent_of(output().shape);
        const std::int64_t pieces = std::int64_t{window.stride_h > 3 ? out.h : 1} *
                                    (window.stride_w > 3 && !narrow ? out.w : 1);
        if (pieces <= most_pieces) return {};
        return fmt::format("strides of {}x{} take {} operations: at most {}", window.stride_h,
                           window.stride_w, pieces, most_pieces);
    }

    std::string convolution() const {
        if (auto text = one_batch(); !text.empty()) return text;
        if (auto text = types(); !text.empty()) return text;
        if (map().shape.size() != 4) return "input must have 4 dimensions";
        if (auto text = weights(input(1)); !text.empty()) return text;
        if (auto text = bias(op_.type == OpType::transpose_conv ? 3 : 2); !text.empty()) {
            return text;
        }
        const auto window = window_of(op_);
        const auto& filter = input(1).shape;
        if (filter.size() != 4) return "weights must have 4 dimensions";
        const std::int64_t height = std::int64_t{filter[1] - 1} * window.dilation_h + 1;
        const std::int64_t width = std::int64_t{filter[2] - 1} * window.dilation_w + 1;
        if (height > 64 || height * width > 4096) {
            return fmt::format("dilated kernel is {}x{}: at most 64 high and 4096 elements", height,
                               width);
        }
        if (op_.type == OpType::transpose_conv) {
            // One row of one-row windows: zeros between rows do not matter.
            const auto twice = [&](std::int32_t stride, std::size_t axis) {
                return stride == 2 || (stride == 1 && map().shape[axis] == 1 && filter[axis] == 1);
            };
            const bool two = twice(window.stride_h, 1) && twice(window.stride_w, 2);
            const bool one = window.stride_h == 1 && window.stride_w == 1;
            if (two || one) return {};
            return fmt::format("strides are {}x{}: must be 1x1, 2x2, or 2 along a single row",
                               window.stride_h, window.stride_w);
        }
        const std::int32_t depth = map().shape[3];
        const AxisPadding padding =
            axis_padding(window.padding, map().shape[2], static_cast<std::int32_t>(width),
                         std::max(window.stride_w, 1));
        const bool folds = window.stride_w > 3 &&
                           folded_columns(op_, map(), input(1), output(), padding.before) > 1;
        if (auto text = strides(window, folds); !text.empty()) return text;
        if (op_.type == OpType::conv_2d) {
            if (filter[3] < 1 || depth % filter[3] != 0) {
                return fmt::format("input depth {} is no multiple of the filters' {}", depth,
                                   filter[3]);
            }
            const std::int32_t groups = depth / filter[3];
            if (filter[0] % groups != 0) {
                return fmt::format("{} filters do not divide into {} groups", filter[0], groups);
            }
        } else if (filter[3] != depth && depth != 1) {
            return fmt::format("depth multiplier {} needs an input of depth 1, not {}",
                               window.depth_multiplier, depth);
        }
        return {};
    }

    std::string fully_connected() const {
        if (auto text = types(); !text.empty()) return text;
        if (auto text = weights(input(1)); !text.empty()) return text;
        if (input(1).shape.size() != 2) return "weights must have 2 dimensions";
        return bias(2);
    }

    std::string pool() const {
        if (auto text = one_batch(); !text.empty()) return text;
        if (auto text = types(); !text.empty()) return text;
        if (map().shape.size() != 4) return "input must have 4 dimensions";
        const auto w = window_of(op_);
        if (auto text = strides(w, false); !text.empty()) return text;
        const bool average = op_.type == OpType::average_pool_2d;
        if (average && w.padding == Padding::same) {
            if (w.filter_h > 8 || w.filter_w > 8) {
                return fmt::format("window is {}x{} with SAME padding: at most 8x8", w.filter_h,
                                   w.filter_w);
            }
        } else if (w.filter_h > 256 || std::int64_t{w.filter_h} * w.filter_w > 65536) {
            return fmt::format("window is {}x{}: at most 256 high and 65536 elements", w.filter_h,
                               w.filter_w);
        }
        if (!average && !same_quantization(map(), output())) {
            return "input and output scales differ";
        }
        return {};
    }

    std::string reduction() const {
        if (auto text = types(); !text.empty()) return text;
        const ReducedAxes axes = reduced_axes(*program_.graph, op_);
        if (!axes.n && !axes.h && !axes.w && !axes.c) {
            return "axes are not constant, or none of height, width and depth";
        }
        const std::int32_t batch = map().shape.size() == 4 ? map().shape[0] : 1;
        if (batch != 1 && (axes.n || axes.h)) return fmt::format("batch is {}: must be 1", batch);
        const Extent in = extent_of(map().shape);
        if (op_.type == OpType::reduce_max || op_.type == OpType::reduce_min) {
            if (!same_quantization(map(), output())) return "input and output scales differ";
            if (op_.type == OpType::reduce_min) return {};
            const std::int32_t rows = axes.h ? in.h : 1;
            if (rows > 256 || std::int64_t{rows} * (axes.w ? in.w : 1) > 65536) {
                return fmt::format("window is {}x{}: at most 256 high and 65536 elements", rows,
                                   axes.w ? in.w : 1);
            }
            const std::int64_t positions = std::int64_t{axes.h ? 1 : in.h} * (axes.w ? 1 : in.w);
            if (axes.c && positions > 65535) return "more than 65535 positions";
            return {};
        }
        // Sums must stay in 32 bits.
        const std::int64_t count =
            std::int64_t{axes.h ? in.h : 1} * (axes.w ? in.w : 1) * (axes.c ? in.c : 1);
        const Clamp range = range_of(*data_type(map().type));
        const std::int64_t zero = zero_point(map());
        const std::int64_t most = ((std::int64_t{1} << 31) - 1) /
                                  std::max({range.max - zero, zero - range.min, std::int64_t{1}});
        if (count > most) {
            return fmt::format("{} elements come together: at most {}", count, most);
        }
        return {};
    }

    std::string binary() const {
        const Tensor& a = input(0);
        const Tensor& b = input(1);
        if (a.type != b.type) {
            return fmt::format("inputs are {} and {}", to_string(a.type), to_string(b.type));
        }
        if (a.type != output().type) {
            return fmt::format("inputs are {} and the output {}", to_string(a.type),
                               to_string(output().type));
        }
        const Extent ea = extent_of(a.shape);
        const Extent eb = extent_of(b.shape);
        const Extent eo = extent_of(output().shape);
        const auto fits = [&](const Extent& e) {
            return (e.h == 1 || e.h == eo.h) && (e.w == 1 || e.w == eo.w) &&
                   (e.c == 1 || e.c == eo.c);
        };
        if (!fits(ea) || !fits(eb)) return "shapes cannot be broadcast";
        if (a.shape.size() == 4 && b.shape.size() == 4 && a.shape[0] != b.shape[0] &&
            (a.shape[1] != 1 || b.shape[1] != 1)) {
            return "the batch is broadcast";
        }
        if (a.data && b.data) return "both inputs are constant";
        if (op_.type == OpType::minimum || op_.type == OpType::maximum) {
            if (!same_quantization(a, b) || !same_quantization(a, output())) {
                return "MINIMUM and MAXIMUM need equal scales";
            }
        }
        if (a.type == ElementType::int32 && activation_of(op_) != Activation::none) {
            return "the clamp of a fused activation has 16 bits: int32 has none";
        }
        if (op_.type == OpType::squared_difference && !is_8_bit(a.type)) {
            return "only 8-bit SQUARED_DIFFERENCE is lowered";
        }
        if (op_.type == OpType::prelu) {
            if (a.data || ea != eo) return "PRELU needs a slope that broadcasts to its input";
        }
        return {};
    }

    std::string rescale() const {
        if (op_.type == OpType::quantize) return {};
        return types();
    }

    std::string negation() const {
        if (auto text = types(); !text.empty()) return text;
        if (map().type != ElementType::int32) return "only int32 NEG is lowered";
        return {};
    }

    std::string rearranged() const {
        if (auto text = same_type_and_scale(); !text.empty()) return text;
        if (!rearranged_pieces(*program_.graph, op_)) {
            return "its parameters are not constant, it takes more than 256 copies, or it mixes "
                   "batches";
        }
        return {};
    }

    std::string unary() const {
        if (auto text = types(); !text.empty()) return text;
        if (op_.type == OpType::abs) return {};
        if (op_.type == OpType::rsqrt && map().type == ElementType::uint8) {
            return "RSQRT has a table for int8 only";
        }
        if (is_8_bit(map().type)) return {};
        if (map().type == ElementType::int16) {
            if (op_.type == OpType::logistic || op_.type == OpType::tanh ||
                op_.type == OpType::exp || op_.type == OpType::log || op_.type == OpType::rsqrt ||
                op_.type == OpType::gelu) {
                return {};
            }
            if (op_.type == OpType::leaky_relu) {
                const auto* leaky = std::get_if<LeakyReluAttributes>(&op_.attributes);
                if (leaky && leaky->alpha >= 0 && zero_point(map()) == 0 &&
                    zero_point(output()) == 0) {
                    return {};
                }
                return "LEAKY_RELU on int16 needs zero points of 0 and a slope of at least 0";
            }
        }
        return fmt::format("{} on {} has no look-up form", ir::kind_name(op_),
                           to_string(map().type));
    }

    std::string softmax() const {
        if (auto text = types(); !text.empty()) return text;
        const auto* attributes = std::get_if<SoftmaxAttributes>(&op_.attributes);
        if (attributes && !(attributes->beta > 0)) {
            return fmt::format("beta is {}: must be positive", attributes->beta);
        }
        return {};
    }

    std::string concatenation() const {
        for (const auto i : map_operands(op_)) {
            if (input(i).type != output().type) {
                return fmt::format("input {} is {} and the output {}", i, to_string(input(i).type),
                                   to_string(output().type));
            }
        }
        const auto* attributes = std::get_if<AxisAttributes>(&op_.attributes);
        const std::size_t rank = output().shape.size();
        const std::int32_t axis = normalise_axis(attributes ? attributes->axis : 0, rank);
        if (axis < 0 || axis >= static_cast<std::int32_t>(rank)) return "axis is out of range";
        if (rank == 4 && output().shape[0] != 1 && axis == 1) return "rows of a batch are joined";
        return {};
    }

    std::string slice() const {
        if (op_.type == OpType::strided_slice && !slice_box(*program_.graph, op_, 0, 0)) {
            return rearranged();
        }
        std::int32_t position = 0;
        for (std::size_t i = 0; i < op_.outputs.size(); ++i) {
            const Tensor& out = program_.tensor(op_.outputs[i]);
            if (out.type != map().type) return "input and output types differ";
            if (!same_quantization(out, map())) return "input and output scales differ";
            const auto found = slice_box(*program_.graph, op_, i, position);
            if (!found) return "begin and end must be constant";
            const SliceBox& box = *found;
            position = box.next;
            if (map().shape.size() == 4 && map().shape[0] != 1 && box.size[1] != map().shape[1]) {
                return "rows of a batch are cut";
            }
        }
        return {};
    }

    std::string transpose() const {
        if (auto text = same_type_and_scale(); !text.empty()) return text;
        if (!parameter(1)) return "permutation is not constant";
        if (!transpose_steps(map().shape, integers(input(1)))) {
            return "this permutation does not reduce to one of three axes";
        }
        return {};
    }

    std::string pad() const {
        if (auto text = same_type_and_scale(); !text.empty()) return text;
        if (!parameter(1)) return "paddings are not constant";
        const auto values = integers(input(1));
        if (values.size() != 2 * map().shape.size()) return "paddings do not match the shape";
        if (map().shape.size() == 4 && (values[0] || values[1])) return "the batch is padded";
        if (present(2) &&
            (!constant(2) || input(2).type != output().type || element_count(input(2).shape) != 1 ||
             !same_quantization(input(2), output()))) {
            return "the value to pad with must be one constant, quantised as the map";
        }
        return {};
    }

    std::string resize() const {
        if (auto text = one_batch(); !text.empty()) return text;
        if (auto text = types(); !text.empty()) return text;
        if (map().shape.size() != 4) return "input must have 4 dimensions";
        const auto* a = std::get_if<ResizeAttributes>(&op_.attributes);
        const ResizeAttributes form = a ? *a : ResizeAttributes{};
        const Shape& in = map().shape;
        const Shape& out = output().shape;
        if (form.half_pixel_centers && form.align_corners) {
            return "corners are aligned and pixels have half centres";
        }
        if (in[1] == 1 && in[2] == 1) return {};
        const auto factor = resize_factor(in, out, form);
        if (!factor) {
            return fmt::format("{}x{} to {}x{} is no factor of 2, 4 or 8", in[1], in[2], out[1],
                               out[2]);
        }
        const bool bilinear = op_.type == OpType::resize_bilinear;
        if (bilinear && form.half_pixel_centers && *factor > 4) {
            return "half-pixel centres with a factor of 8 need windows of 16x16: at most 8x8";
        }
        if (*factor > 1 && std::max(in[1], in[2]) * std::int64_t{2} * *factor > 65535) {
            return "the repeated map has more than 65535 rows or columns";
        }
        return {};
    }

    std::string arg_max() const {
        if (!is_8_bit(map().type)) return "only 8-bit ARG_MAX is lowered";
        if (output().type != ElementType::int32 && output().type != ElementType::int64) {
            return fmt::format("output is {}: must be int32 or int64", to_string(output().type));
        }
        const Shape& in = map().shape;
        if (!parameter(1) || integers(input(1)).size() != 1) return "the axis is not constant";
        const auto axis = normalise_axis(integers(input(1))[0], in.size());
        if (axis + 1 != static_cast<std::int32_t>(in.size())) return "only the depth is lowered";
        if (in.back() > 127) return fmt::format("depth is {}: at most 127", in.back());
        if (extent_of(in).elements() / in.back() > 65535) return "more than 65535 positions";
        return {};
    }

    const Program& program_;
    const Operator& op_;
};

}  // namespace

void check_support(Program& program) {
    const Graph& graph = *program.graph;
    program.decisions.assign(graph.operators.size(), {});
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        Decision& decision = program.decisions[i];
        decision.reason = Check(program, graph.operators[i]).reason();
        const auto refused = program.refusals.find(static_cast<std::int32_t>(i));
        if (refused != program.refusals.end()) decision.reason = refused->second;
        decision.on_npu = decision.reason.empty();
    }
}

}  // namespace u65sim::compiler
