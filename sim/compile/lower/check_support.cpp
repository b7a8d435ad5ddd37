#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compile/lower/curves.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"
#include "compile/passes.hpp"
#include "ir/builtins.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {
namespace {

/// "ADD, SUB and NEG": the operators that take int32.
std::string names_of_int32_operators() {
    std::vector<std::string_view> names;
    for (int number = 0; number < op_type_count; ++number) {
        const auto type = static_cast<OpType>(number);
        if (npu_forms[type].takes_int32) names.push_back(to_string(type));
    }
    const std::string_view last = names.back();
    names.pop_back();
    return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

std::string reason_against(const Candidate& candidate) {
    if (auto text = candidate.maps(); !text.empty()) return text;
    const NpuForm& form = npu_forms[candidate.op().type];
    if (form.support != nullptr) return form.support(candidate);
    return fmt::format("{} has no form on the NPU", ir::kind_name(candidate.op()));
}

}  // namespace

const Tensor& Candidate::map() const {
    return input(static_cast<std::size_t>(ir::info(op_.type).operands.map));
}

std::string Candidate::feature_map(const Tensor& t, const char* role) const {
    if (!data_type(t.type)) {
        return fmt::format("{} '{}' is {}: the NPU takes int8, uint8, int16 and int32", role,
                           t.name, to_string(t.type));
    }
    const NpuForm& form = npu_forms[op_.type];
    const bool any_rank = form.takes_any_rank || (form.takes_rows && !program_.options.like_vela);
    if (t.shape.size() > 4 && !any_rank) {
        return fmt::format("{} '{}' has {} dimensions: at most 4", role, t.name, t.shape.size());
    }
    for (const auto extent : t.shape) {
        if (extent < 1 || extent > 65535) {
            return fmt::format("{} '{}' is {}: every dimension must be 1 to 65535", role, t.name,
                               to_string(t.shape));
        }
    }
    const Extent extent = extent_of(t.shape);
    if (extent.h > 65535) {
        return fmt::format("{} '{}' has {} rows with its batch: at most 65535", role, t.name,
                           extent.h);
    }
    if (t.type == ElementType::int32) {
        if (npu_forms[op_.type].takes_int32) return {};
        return fmt::format("{} '{}' is int32, which {} alone take", role, t.name,
                           names_of_int32_operators());
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

std::string Candidate::maps() const {
    const auto maps = ir::map_operands(op_);
    if (maps.empty() || op_.outputs.empty()) {
        return fmt::format("{} has no form on the NPU", ir::kind_name(op_));
    }
    for (const auto i : maps) {
        if (!present(i)) return fmt::format("operand {} is missing", i);
        if (auto text = feature_map(input(i), "input"); !text.empty()) return text;
    }
    const bool has_scale = !npu_forms[op_.type].makes_positions;
    for (std::size_t i = 0; has_scale && i < op_.outputs.size(); ++i) {
        if (auto text = feature_map(output(i), "output"); !text.empty()) return text;
    }
    if (const auto a = activation_of(op_); a == Activation::sign_bit || a == Activation::tanh) {
        return "its fused activation is not a clamp";
    }
    return {};
}

std::string Candidate::one_batch() const {
    if (map().shape.size() == 4 && map().shape[0] != 1) {
        return fmt::format("batch is {}: must be 1", map().shape[0]);
    }
    return {};
}

std::string Candidate::few_batches() const {
    constexpr std::int32_t most = 64;
    if (map().shape.size() == 4 && map().shape[0] > most) {
        return fmt::format("batch is {}: at most {}", map().shape[0], most);
    }
    return {};
}

std::string Candidate::four_dimensions() const {
    return map().shape.size() != 4 ? "input must have 4 dimensions" : "";
}

std::string Candidate::weights() const {
    const Tensor& t = input(static_cast<std::size_t>(ir::info(op_.type).operands.weights));
    if (!t.data) return "weights are not constant";
    if (!is_8_bit(t.type)) {
        return fmt::format("weights are {}: must be int8 or uint8", to_string(t.type));
    }
    if (t.quantization.empty()) return "weights have no scale";
    return {};
}

std::string Candidate::bias() const {
    const auto index = static_cast<std::size_t>(ir::info(op_.type).operands.bias);
    if (!present(index)) return {};
    const Tensor& t = input(index);
    if (!t.data) return "bias is not constant";
    if (t.type != ElementType::int32 && t.type != ElementType::int64) {
        return fmt::format("bias is {}: must be int32 or int64", to_string(t.type));
    }
    if (t.type == ElementType::int32) return {};  // has no room for more than 40 bits
    for (const auto value : integers(t)) {
        if (value >= (std::int64_t{1} << 39) || value < -(std::int64_t{1} << 39)) {
            return fmt::format("bias {} needs more than 40 bits", value);
        }
    }
    return {};
}

std::string Candidate::same_type() const {
    const auto in = map().type;
    const auto out = output().type;
    if (in != out) {
        return fmt::format("input is {} and output {}", to_string(in), to_string(out));
    }
    return {};
}

std::string Candidate::same_type_and_scale() const {
    if (auto text = same_type(); !text.empty()) return text;
    if (!same_quantization(map(), output())) return "input and output scales differ";
    return {};
}

std::string Candidate::strides(const WindowAttributes& window, bool narrow) const {
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

void check_support(Program& program) {
    const Graph& graph = *program.graph;
    program.decisions.assign(graph.operators.size(), {});
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        Decision& decision = program.decisions[i];
        decision.reason = reason_against(Candidate(program, graph.operators[i]));
        const auto refused = program.refusals.find(static_cast<std::int32_t>(i));
        if (refused != program.refusals.end()) decision.reason = refused->second;
        decision.on_npu = decision.reason.empty();
    }
    take_float_chains(program);
}

}  // namespace u65sim::compiler
