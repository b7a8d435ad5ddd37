// Quantised networks built layer by layer in code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>
#include <u65sim/zoo.hpp>

namespace u65sim {

/// A tensor of a GraphBuilder, as its layers take and return it.
struct Value {
    TensorId id = no_tensor;
};

/// How a convolution or pool slides.
struct Window {
    std::int32_t kernel_h = 1, kernel_w = 1;
    std::int32_t stride_h = 1, stride_w = 1;
    std::int32_t dilation_h = 1, dilation_w = 1;
    Padding padding = Padding::same;
    /// The same kernel and stride along both axes.
    static Window square(std::int32_t kernel, std::int32_t stride = 1,
                         Padding padding = Padding::same) {
        return {kernel, kernel, stride, stride, 1, 1, padding};
    }
};

/// Weights given instead of drawn.
struct GivenWeights {
    std::vector<std::uint8_t> values;         ///< bytes of int8 or uint8, in the operator's order
    Quantization quantization;                ///< one scale, or one an output channel
    std::optional<std::vector<double>> bias;  ///< real values, one an output channel
};

/// What every layer may be told; the defaults leave the choice to the builder.
struct LayerOptions {
    std::string name;  ///< of operator and output tensor; default: kind and number
    Activation activation = Activation::none;
    std::optional<Quantization> quantization;  ///< of the output
    std::optional<GivenWeights> weights;
};

struct BuilderOptions {
    ZooWeights weights;
    /// int8 (per-channel weights, int32 bias), uint8 (per-tensor uint8 weights) or int16 (int8
    /// weights, int64 bias).
    ElementType activations = ElementType::int8;
};

/// Infers shapes, chooses quantisation from the expected spread of each tensor, and draws weights
/// that are the same on every platform. Every layer throws InvalidModel when its operands do not
/// go together, when a name is taken, or when a value is not one of this builder's.
class GraphBuilder {
public:
    explicit GraphBuilder(std::string name, BuilderOptions options = {});
    GraphBuilder(GraphBuilder&&) noexcept;
    GraphBuilder& operator=(GraphBuilder&&) noexcept;
    ~GraphBuilder();

    /// Default quantisation: -1 to 1 over the whole range of the type.
    Value input(const Shape& shape, std::string name = "input",
                std::optional<Quantization> quantization = {});
    /// Real values, quantised to the activations' type over their own range.
    Value constant(const Shape& shape, const std::vector<double>& values, std::string name = {});

    /// `groups` divides the input's depth and `filters`; each group sees its own channels.
    Value conv2d(Value x, std::int32_t filters, const Window& window, LayerOptions options = {},
                 std::int32_t groups = 1);
    Value depthwise_conv2d(Value x, const Window& window, LayerOptions options = {},
                           std::int32_t multiplier = 1);
    /// Upsamples by the stride: SAME gives input x stride, VALID (input - 1) x stride + kernel.
    Value transpose_conv(Value x, std::int32_t filters, const Window& window,
                         LayerOptions options = {});
    /// Input taken as rows of its last extent.
    Value fully_connected(Value x, std::int32_t units, LayerOptions options = {});

    Value average_pool(Value x, const Window& window, LayerOptions options = {});
    Value max_pool(Value x, const Window& window, LayerOptions options = {});
    Value mean(Value x, const std::vector<std::int32_t>& axes, bool keep_dims,
               LayerOptions options = {});

    Value add(Value a, Value b, LayerOptions options = {});
    Value sub(Value a, Value b, LayerOptions options = {});
    Value mul(Value a, Value b, LayerOptions options = {});
    /// Both operands get the first one's quantisation, by a QUANTIZE where they differ.
    Value minimum(Value a, Value b, LayerOptions options = {});
    Value maximum(Value a, Value b, LayerOptions options = {});

    /// abs, relu, relu6, relu_n1_to_1, logistic, tanh, hard_swish, exp or gelu.
    Value unary(OpType type, Value x, LayerOptions options = {});
    Value relu(Value x, LayerOptions options = {});
    Value relu6(Value x, LayerOptions options = {});
    Value logistic(Value x, LayerOptions options = {});
    Value tanh(Value x, LayerOptions options = {});
    Value hard_swish(Value x, LayerOptions options = {});
    Value leaky_relu(Value x, float alpha, LayerOptions options = {});
    Value prelu(Value x, LayerOptions options = {});  ///< one drawn slope a channel
    Value softmax(Value x, float beta = 1.0F, LayerOptions options = {});
    /// To another quantisation or another integer type.
    Value quantize(Value x, ElementType type, const Quantization& quantization,
                   LayerOptions options = {});

    /// All operands get the first one's quantisation, by a QUANTIZE where they differ.
    Value concat(const std::vector<Value>& parts, std::int32_t axis, LayerOptions options = {});
    std::vector<Value> split(Value x, std::int32_t count, std::int32_t axis,
                             LayerOptions options = {});
    Value slice(Value x, const std::vector<std::int32_t>& begin,
                const std::vector<std::int32_t>& size, LayerOptions options = {});
    Value reshape(Value x, const Shape& shape, LayerOptions options = {});  ///< one -1 allowed
    Value transpose(Value x, const std::vector<std::int32_t>& order, LayerOptions options = {});
    /// `before` and `after` for each axis.
    Value pad(Value x, const std::vector<std::int32_t>& before,
              const std::vector<std::int32_t>& after, LayerOptions options = {});
    Value resize_bilinear(Value x, std::int32_t height, std::int32_t width,
                          const ResizeAttributes& attributes = {}, LayerOptions options = {});
    Value resize_nearest(Value x, std::int32_t height, std::int32_t width,
                         const ResizeAttributes& attributes = {}, LayerOptions options = {});

    [[nodiscard]] const Shape& shape(Value x) const;
    [[nodiscard]] const Quantization& quantization(Value x) const;

    /// Marks a network output.
    void output(Value x);
    /// The verified network; the builder is empty afterwards.
    Graph build();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
