#include "frontend/pte/kernel_calls.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/integer_range.hpp"
#include "ir/spread.hpp"

namespace u65sim::frontend {
namespace {

using Order = std::vector<std::int64_t>;

bool is_any_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class KernelCall {
public:
    KernelCall(Values& values, const std::string& name, const std::vector<std::int32_t>& args,
               const std::string& operator_name)
        : values_(values), name_(name), args_(args) {
        op_.name = operator_name;
    }

    Operator read() {
        find_outputs();
        read_inputs();
        write_outputs();
        const bool is_known = outputs_.size() == 1 && !inputs_.empty() &&
                              (read_quantize() || read_dequantize() || read_permutation() ||
                               read_copy() || read_reshape());
        if (!is_known) read_custom();
        return std::move(op_);
    }

private:
    /// The last argument is what the kernel returns: its results, which stand before it as well.
    void find_outputs() {
        if (args_.empty()) return;
        outputs_ = values_.tensors_in(args_.back());
        results_.insert(args_.back());
        results_.insert(outputs_.begin(), outputs_.end());
    }

    /// Arguments but for results; one that was known before, as that of a kernel that works in
    /// place, is read as well.
    void read_inputs() {
        for (const std::int32_t value : args_) {
            const bool is_result = results_.contains(value);
            const bool is_in_place = is_result && values_.is_tensor(value) &&
                                     values_.is_known(value) && read_.insert(value).second;
            if (is_result && !is_in_place) continue;
            arguments_.push_back(value);
            if (values_.is_tensor(value)) {
                inputs_.push_back(values_.read(value));
                operands_.push_back(inputs_.back());
                continue;
            }
            const auto list = values_.tensors_in(value);
            for (const std::int32_t item : list) operands_.push_back(values_.read(item));
            if (list.empty()) operands_.push_back(values_.as_constant(value));
        }
    }

    void write_outputs() {
        for (std::size_t i = 0; i < outputs_.size(); ++i) {
            const std::string name = i == 0 ? op_.name : fmt::format("{}:{}", op_.name, i);
            op_.outputs.push_back(values_.write(outputs_[i], name));
        }
    }

    [[nodiscard]] Tensor& input() { return values_.tensor(inputs_.front()); }
    [[nodiscard]] Tensor& output() { return values_.tensor(op_.outputs.front()); }

    /// A dimension of `rank`, counted from the front.
    static std::optional<std::size_t> dimension(std::int64_t number, std::size_t rank) {
        const auto all = static_cast<std::int64_t>(rank);
        if (number < -all || number >= all) return std::nullopt;
        return static_cast<std::size_t>(number < 0 ? number + all : number);
    }

    struct Levels {
        Quantization quantization;
        IntegerRange range;
    };

    /// scale, zero point, lowest and highest value behind the first argument.
    [[nodiscard]] std::optional<Levels> levels(const Tensor& tensor) const {
        constexpr std::size_t wanted = 5;
        if (arguments_.size() < wanted || !is_quantisable(tensor.type)) return std::nullopt;
        const auto scale = values_.real(arguments_[1]);
        const auto zero_point = values_.integer(arguments_[2]);
        const auto low = values_.integer(arguments_[3]), high = values_.integer(arguments_[4]);
        if (!scale || !zero_point || !low || !high) return std::nullopt;
        const IntegerRange range{*low, *high}, whole = ir::activation_type_range(tensor.type);
        const auto real_scale = static_cast<float>(*scale);
        if (!(real_scale > 0.0F) || !range.holds(*zero_point) || !whole.holds(range.low) ||
            !whole.holds(range.high)) {
            return std::nullopt;
        }
        return Levels{Quantization{{real_scale}, {*zero_point}, 0}, range};
    }

    static bool is_quantisable(ElementType type) {
        return type == ElementType::int8 || type == ElementType::uint8 ||
               type == ElementType::int16;
    }

    /// Over less than the type's range it stays a kernel of ExecuTorch's, whose operands say which;
    /// its output's scale and zero point are the tensor's.
    bool read_quantize() {
        if (name_ != "quantized_decomposed::quantize_per_tensor.out") return false;
        const auto found = levels(output());
        if (!found || input().type != ElementType::float32 || !has_one_order()) return false;
        output().quantization = found->quantization;
        const bool is_whole = found->range == ir::activation_type_range(output().type);
        op_.type = is_whole ? OpType::quantize : OpType::custom;
        op_.inputs = is_whole ? std::vector<TensorId>{inputs_.front()} : operands_;
        if (!is_whole) op_.custom_code = name_;
        return true;
    }

    bool read_dequantize() {
        if (name_ != "quantized_decomposed::dequantize_per_tensor.out") return false;
        const auto found = levels(input());
        if (!found || output().type != ElementType::float32 || !has_one_order()) return false;
        const Quantization& known = input().quantization;
        if (!known.empty() && !(known == found->quantization)) return false;
        input().quantization = found->quantization;
        op_.type = OpType::dequantize;
        op_.inputs = {inputs_.front()};
        return true;
    }

    [[nodiscard]] bool has_one_order() {
        return values_.order(inputs_.front()) == values_.order(op_.outputs.front()) &&
               input().shape == output().shape;
    }

    /// permute_copy and transpose_copy.
    bool read_permutation() {
        const std::size_t rank = input().shape.size();
        Order order(rank);
        if (name_ == "aten::permute_copy.out" && arguments_.size() > 1) {
            const auto given = values_.integers(arguments_[1]);
            if (!given || given->size() != rank) return false;
            order = *given;
        } else if (name_ == "aten::transpose_copy.int_out" && arguments_.size() > 2) {
            const auto a = values_.integer(arguments_[1]), b = values_.integer(arguments_[2]);
            const auto first = a ? dimension(*a, rank) : std::nullopt;
            const auto second = b ? dimension(*b, rank) : std::nullopt;
            if (!first || !second) return false;
            std::iota(order.begin(), order.end(), 0);
            std::swap(order[*first], order[*second]);
        } else {
            return false;
        }
        return transpose(order);
    }

    /// Copies, which may order dimensions otherwise in memory.
    bool read_copy() {
        if (!is_any_of(name_, {"dim_order_ops::_to_dim_order_copy.out",
                               "dim_order_ops::_clone_dim_order.out", "aten::clone.out",
                               "aten::_to_copy.out", "aten::alias_copy.out"})) {
            return false;
        }
        Order order(input().shape.size());
        std::iota(order.begin(), order.end(), 0);
        if (input().type == output().type) return transpose(order);
        if (!has_one_order()) return false;
        op_.type = OpType::cast;
        op_.inputs = {inputs_.front()};
        return true;
    }

    /// Dimension i of the output is dimension order[i] of the input, wherever either has it in
    /// memory.
    bool transpose(const Order& order) {
        const auto& from = values_.order(inputs_.front());
        const auto& to = values_.order(op_.outputs.front());
        const std::size_t rank = from.size();
        if (to.size() != rank || input().type != output().type) return false;
        std::vector<std::size_t> place(rank);
        for (std::size_t i = 0; i < rank; ++i) place[from[i]] = i;
        Order in_memory;
        for (std::size_t i = 0; i < rank; ++i) {
            const auto source = dimension(order[to[i]], rank);
            if (!source) return false;
            in_memory.push_back(static_cast<std::int64_t>(place[*source]));
        }
        Order sorted = in_memory;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < rank; ++i) {
            const auto source = static_cast<std::size_t>(in_memory[i]);
            if (sorted[i] != static_cast<std::int64_t>(i) ||
                input().shape[source] != output().shape[i]) {
                return false;
            }
        }
        if (in_memory == sorted) return reshape();
        op_.type = OpType::transpose;
        const TensorId source = inputs_.front();
        op_.inputs = {source, values_.add_integers(op_.name + "_order", in_memory, true)};
        return true;
    }

    bool read_reshape() {
        if (!is_any_of(name_, {"aten::view_copy.out", "executorch_prim::et_view.default",
                               "aten::unsqueeze_copy.out", "aten::squeeze_copy.out",
                               "aten::squeeze_copy.dim_out", "aten::squeeze_copy.dims_out",
                               "aten::_unsafe_view.out", "aten::_reshape_copy.out"})) {
            return false;
        }
        return is_in_order(inputs_.front()) && is_in_order(op_.outputs.front()) && reshape();
    }

    bool reshape() {
        if (input().type != output().type ||
            element_count(input().shape) != element_count(output().shape)) {
            return false;
        }
        op_.type = OpType::reshape;
        op_.attributes = ReshapeAttributes{output().shape};
        op_.inputs = {inputs_.front()};
        return true;
    }

    [[nodiscard]] bool is_in_order(TensorId tensor) const {
        const auto& order = values_.order(tensor);
        return std::is_sorted(order.begin(), order.end());
    }

    void read_custom() {
        op_.type = OpType::custom;
        op_.inputs = operands_;
        op_.custom_code = name_;
        // A kernel takes dimensions as they stand in memory.
        const auto is_permuted = [&](TensorId id) { return id >= 0 && !is_in_order(id); };
        if (std::any_of(op_.inputs.begin(), op_.inputs.end(), is_permuted) ||
            std::any_of(op_.outputs.begin(), op_.outputs.end(), is_permuted)) {
            op_.custom_code += " (dimensions permuted in memory)";
        }
    }

    Values& values_;
    const std::string& name_;
    const std::vector<std::int32_t>& args_;
    Operator op_;
    std::vector<std::int32_t> outputs_;  ///< values
    std::set<std::int32_t> results_, read_;
    std::vector<std::int32_t> arguments_;  ///< values, without results
    std::vector<TensorId> inputs_;         ///< tensors among them
    std::vector<TensorId> operands_;       ///< all, with numbers as constants
};

}  // namespace

Operator read_kernel_call(Values& values, const std::string& name,
                          const std::vector<std::int32_t>& args, const std::string& operator_name) {
    return KernelCall{values, name, args, operator_name}.read();
}

}  // namespace u65sim::frontend
