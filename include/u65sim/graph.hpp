// The network as users see it: plain values, in the vocabulary of TensorFlow Lite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <u65sim/units.hpp>

namespace u65sim {

/// TensorFlow Lite's element types. `other` is one that came after them.
enum class ElementType : std::uint8_t {
    int8,
    uint8,
    int16,
    uint16,
    int32,
    int64,
    float32,
    boolean,
    int2,
    int4,
    uint4,
    uint32,
    uint64,
    float16,
    bfloat16,
    float64,
    complex64,
    complex128,
    string,    ///< of no fixed size
    resource,  ///< a handle of a variable or a table
    variant,   ///< of no fixed size
    other
};
/// Bytes of one element: 1 for those that share a byte (int2, int4, uint4) and for those without a
/// fixed size.
int element_bytes(ElementType type);
std::string_view to_string(ElementType type);

/// Extents, outermost first (feature maps are N, H, W, C). Empty means a scalar.
using Shape = std::vector<std::int32_t>;
/// Product of extents (1 for a scalar); throws QuantityOverflow.
std::int64_t element_count(const Shape& shape);
/// "1x224x224x3"; "scalar" for rank 0.
std::string to_string(const Shape& shape);

/// real = scale * (quantised - zero_point). One scale and zero point for the whole tensor, or one
/// a slice along `axis` (per-channel weights). Empty: not quantised.
struct Quantization {
    std::vector<float> scales;
    std::vector<std::int64_t> zero_points;
    int axis = 0;
    [[nodiscard]] bool empty() const { return scales.empty(); }
    bool operator==(const Quantization&) const = default;
};

/// Weights that are described instead of stored, for networks that have shapes but no training.
/// Their encoded size is estimated from the description. The values it stands for: `distribution`
/// around zero, the largest magnitude of each output channel scaled to 127, as draw_weights()
/// draws them.
struct WeightModel {
    enum class Distribution : std::uint8_t { gaussian, laplace, uniform };
    Distribution distribution = Distribution::gaussian;
    double density = 1.0;       ///< share of weights that pruning by magnitude left, 0..1
    std::int32_t clusters = 0;  ///< distinct values, 2..255; 0: no clustering
    std::uint64_t seed = 1;     ///< of the values drawn; the estimate does not depend on it
    /// Measured encoded bits a weight, headers and padding included; overrides everything above,
    /// and has no values. 0: not measured.
    double bits_per_weight = 0.0;
    bool operator==(const WeightModel&) const = default;
};

/// Immutable bytes shared between copies of a graph, compared by content; or a model of weights
/// in their place.
class ConstantData {
public:
    ConstantData() = default;
    explicit ConstantData(std::vector<std::uint8_t> bytes);
    /// Modelled weights of `size` bytes. Throws InvalidModel for settings out of range.
    ConstantData(const WeightModel& model, std::int64_t size);
    [[nodiscard]] explicit operator bool() const { return content_ != nullptr; }
    /// Null when this holds bytes. Only valid when *this is true, as everything below.
    [[nodiscard]] const WeightModel* model() const;
    /// Little-endian elements, innermost dimension fastest. Throws InvalidModel when there is only
    /// a model: draw_weights() makes bytes of it.
    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const;
    [[nodiscard]] std::int64_t size() const;  ///< bytes
    /// The same for equal contents; worked out once for all copies.
    [[nodiscard]] std::uint64_t content_hash() const;
    friend bool operator==(const ConstantData& a, const ConstantData& b) {
        return a.content_ == b.content_ || a.equals(b);
    }

private:
    struct Content;
    [[nodiscard]] bool equals(const ConstantData& other) const;

    std::shared_ptr<const Content> content_;
};

using TensorId = std::int32_t;             ///< index into Graph::tensors
inline constexpr TensorId no_tensor = -1;  ///< an optional operand that is left out

struct Tensor {
    std::string name;
    Shape shape;
    ElementType type = ElementType::int8;
    Quantization quantization;
    ConstantData data;         ///< set for constants
    bool is_variable = false;  ///< state that survives from one inference to the next
    bool operator==(const Tensor&) const = default;
};

/// Bytes of a tensor as a file holds it: two int4 or four int2 share a byte. Throws
/// QuantityOverflow.
std::int64_t stored_bytes(const Tensor& tensor);

/// Operators that the NPU can run, then those that only ever run on the CPU. `other` is
/// any further TensorFlow Lite builtin, known by Operator::builtin_code; `custom` by custom_code.
enum class OpType : std::uint8_t {
    conv_2d,
    depthwise_conv_2d,
    transpose_conv,
    fully_connected,
    average_pool_2d,
    max_pool_2d,
    mean,
    sum,
    reduce_max,
    reduce_min,
    arg_max,
    add,
    sub,
    mul,
    minimum,
    maximum,
    abs,
    neg,
    squared_difference,
    prelu,
    leaky_relu,
    relu,
    relu6,
    relu_n1_to_1,
    relu_0_to_1,
    elu,
    logistic,
    tanh,
    hard_swish,
    exp,
    log,
    sqrt,
    rsqrt,
    gelu,
    softmax,
    quantize,
    dequantize,
    concatenation,
    pack,
    split,
    split_v,
    slice,
    strided_slice,
    unpack,
    reshape,
    squeeze,
    expand_dims,
    transpose,
    pad,
    mirror_pad,
    tile,
    reverse_v2,
    space_to_depth,
    depth_to_space,
    resize_bilinear,
    resize_nearest_neighbor,
    unidirectional_sequence_lstm,
    shape,
    space_to_batch_nd,
    batch_to_space_nd,
    gather,
    batch_matmul,
    div,
    cast,
    arg_min,
    l2_normalization,
    select,
    select_v2,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    logical_and,
    logical_or,
    logical_not,
    square,
    floor,
    ceil,
    round,
    broadcast_to,
    call_once,
    if_else,
    while_loop,
    var_handle,
    read_variable,
    assign_variable,
    svdf,
    log_softmax,
    cumsum,
    floor_div,
    floor_mod,
    pow,
    add_n,
    gather_nd,
    scatter_nd,
    embedding_lookup,
    dynamic_update_slice,
    topk_v2,
    one_hot,
    fill,
    range,
    rank,
    zeros_like,
    broadcast_args,
    sin,
    cos,
    sign,
    reduce_prod,
    reduce_any,
    reduce_all,
    l2_pool_2d,
    bitwise_xor,
    local_response_normalization,
    where,
    reverse_sequence,
    non_max_suppression_v4,
    non_max_suppression_v5,
    densify,
    custom,
    other
};
/// TensorFlow Lite's name in capitals, e.g. "CONV_2D".
std::string_view to_string(OpType type);
inline constexpr int op_type_count = static_cast<int>(OpType::other) + 1;

enum class Activation : std::uint8_t {
    none,
    relu,
    relu_n1_to_1,
    relu6,
    tanh,
    sign_bit,
    relu_0_to_1  ///< of RELU_0_TO_1; files have no fused one
};
enum class Padding : std::uint8_t { same, valid };

/// conv_2d, depthwise_conv_2d, transpose_conv, and the pools (which use filter_*).
struct WindowAttributes {
    Padding padding = Padding::same;
    std::int32_t stride_h = 1, stride_w = 1;
    std::int32_t dilation_h = 1, dilation_w = 1;
    std::int32_t filter_h = 0, filter_w = 0;  ///< pools only; convolutions take it from weights
    std::int32_t depth_multiplier = 1;        ///< depthwise only
    Activation activation = Activation::none;
    bool operator==(const WindowAttributes&) const = default;
};
struct FullyConnectedAttributes {
    Activation activation = Activation::none;
    bool keep_num_dims = false;
    bool asymmetric_inputs = false;  ///< quantises float32 maps with a zero point
    bool operator==(const FullyConnectedAttributes&) const = default;
};
/// add, sub, mul, div.
struct ArithmeticAttributes {
    Activation activation = Activation::none;
    bool pot_scale_int16 = false;
    bool operator==(const ArithmeticAttributes&) const = default;
};
struct SoftmaxAttributes {
    float beta = 1.0F;
    bool operator==(const SoftmaxAttributes&) const = default;
};
struct LeakyReluAttributes {
    float alpha = 0.0F;
    bool operator==(const LeakyReluAttributes&) const = default;
};
/// mean, sum and all reduce_*; the axes are the second operand.
struct ReduceAttributes {
    bool keep_dims = false;
    bool operator==(const ReduceAttributes&) const = default;
};
/// concatenation, pack, unpack, split, split_v (count = outputs), gather, arg_max, arg_min,
/// one_hot. Where an operand gives the axis (split, split_v, arg_max, arg_min), `axis` repeats a
/// constant one.
struct AxisAttributes {
    std::int32_t axis = 0;
    std::int32_t count = 0;
    Activation activation = Activation::none;  ///< concatenation only
    std::int32_t batch_dims = 0;               ///< gather only
    bool operator==(const AxisAttributes&) const = default;
};
struct ReshapeAttributes {
    Shape new_shape;  ///< may be empty when the second operand gives the shape
    bool operator==(const ReshapeAttributes&) const = default;
};
struct SqueezeAttributes {
    std::vector<std::int32_t> dims;
    bool operator==(const SqueezeAttributes&) const = default;
};
struct StridedSliceAttributes {
    std::int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0,
                 shrink_axis_mask = 0;
    bool operator==(const StridedSliceAttributes&) const = default;
};
struct ResizeAttributes {
    bool align_corners = false;
    bool half_pixel_centers = false;
    bool operator==(const ResizeAttributes&) const = default;
};
struct BatchMatmulAttributes {
    bool adjoint_x = false, adjoint_y = false;
    bool asymmetric_inputs = false;  ///< quantises float32 maps with a zero point
    bool operator==(const BatchMatmulAttributes&) const = default;
};
struct LstmAttributes {
    Activation activation = Activation::tanh;
    float cell_clip = 0.0F, projection_clip = 0.0F;
    bool time_major = false;
    bool asymmetric_inputs = false;  ///< quantises float32 maps with a zero point
    bool operator==(const LstmAttributes&) const = default;
};
struct GeluAttributes {
    bool approximate = false;
    bool operator==(const GeluAttributes&) const = default;
};
struct MirrorPadAttributes {
    bool symmetric = false;
    bool operator==(const MirrorPadAttributes&) const = default;
};
/// space_to_depth, depth_to_space.
struct BlockAttributes {
    std::int32_t block_size = 1;
    bool operator==(const BlockAttributes&) const = default;
};
struct SvdfAttributes {
    std::int32_t rank = 1;  ///< filters that are summed to one unit
    Activation activation = Activation::none;
    bool asymmetric_inputs = false;  ///< quantises float32 maps with a zero point
    bool operator==(const SvdfAttributes&) const = default;
};
struct CumsumAttributes {
    bool exclusive = false, reverse = false;
    bool operator==(const CumsumAttributes&) const = default;
};
/// x / (bias + alpha * sum of squares)^beta over `radius` neighbours in depth on either side.
struct LocalResponseAttributes {
    std::int32_t radius = 5;
    float bias = 1.0F, alpha = 1.0F, beta = 0.5F;
    bool operator==(const LocalResponseAttributes&) const = default;
};
/// The axis that is reversed, and the one each extent of which has a length of its own.
struct ReverseSequenceAttributes {
    std::int32_t sequence_axis = 0, batch_axis = 0;
    bool operator==(const ReverseSequenceAttributes&) const = default;
};
struct NormalizationAttributes {
    Activation activation = Activation::none;
    bool operator==(const NormalizationAttributes&) const = default;
};
/// var_handle: which of the network's variables it stands for.
struct VariableAttributes {
    std::string container, name;
    bool operator==(const VariableAttributes&) const = default;
};
/// call_once {what sets up}, if_else {then, else}, while_loop {condition, body}: numbers of
/// subgraphs, 0 for the network itself, n for Graph::subgraphs[n - 1].
struct SubgraphAttributes {
    std::vector<std::int32_t> subgraphs;
    bool operator==(const SubgraphAttributes&) const = default;
};

using Attributes =
    std::variant<std::monostate, WindowAttributes, FullyConnectedAttributes, ArithmeticAttributes,
                 SoftmaxAttributes, LeakyReluAttributes, ReduceAttributes, AxisAttributes,
                 ReshapeAttributes, SqueezeAttributes, StridedSliceAttributes, ResizeAttributes,
                 BatchMatmulAttributes, LstmAttributes, GeluAttributes, MirrorPadAttributes,
                 BlockAttributes, NormalizationAttributes, VariableAttributes, SubgraphAttributes,
                 SvdfAttributes, CumsumAttributes, LocalResponseAttributes,
                 ReverseSequenceAttributes>;

/// One operator. Operand order is TensorFlow Lite's: conv {ifm, weights OHWI, bias}, depthwise
/// {ifm, weights 1HWC, bias}, fully_connected {ifm, weights OI, bias}, transpose_conv
/// {output shape, weights OHWI, ifm, bias}, binary {a, b}.
struct Operator {
    std::string name;  ///< unique within a graph; defaults to the output tensor's name
    OpType type = OpType::other;
    std::vector<TensorId> inputs;
    std::vector<TensorId> outputs;
    Attributes attributes;
    std::int32_t builtin_code = 0;  ///< TensorFlow Lite's number when type is `other`
    std::int32_t version = 1;
    std::string custom_code;                   ///< when type is `custom`
    std::vector<std::uint8_t> custom_options;  ///< when type is `custom`
    /// unidirectional_sequence_lstm: tensors that only carry the gates' quantisation.
    std::vector<TensorId> intermediates;
    bool operator==(const Operator&) const = default;
};

/// Free-form metadata that travels with the file (name -> bytes).
struct Metadata {
    std::string name;
    std::vector<std::uint8_t> bytes;
    bool operator==(const Metadata&) const = default;
};

/// A quantised network. Operators stand in execution order.
struct Graph {
    std::string name;
    std::string description;
    std::vector<Tensor> tensors;
    std::vector<Operator> operators;
    std::vector<TensorId> inputs;
    std::vector<TensorId> outputs;
    std::vector<Metadata> metadata;
    /// Further graphs of the file, which operators or other signatures run.
    std::vector<Graph> subgraphs;
    /// What results rest on, where the file leaves something open or could not be used whole:
    /// sentences for people, which reports repeat.
    std::vector<std::string> notes;
    bool operator==(const Graph&) const = default;
};

/// Throws InvalidModel naming the operator or tensor that breaks a rule: indices in range,
/// constants of the right size, one producer a tensor, operators in topological order, names
/// unique, attributes of the right kind, and shapes that agree with shape inference.
void verify(const Graph& graph);

/// True when some weights are only described by a model.
bool has_modelled_weights(const Graph& graph);
/// The graph with values drawn for every weight model: the same on every platform for the same
/// seed. Throws InvalidModel for models of measured bits, which have no values.
Graph draw_weights(Graph graph);

/// Multiply-accumulates of the whole network: convolution and fully connected, plus pooling
/// windows (output elements x window) as the public tables count them.
Macs count_macs(const Graph& graph);
/// The same for one operator; zero for everything without a window.
Macs count_macs(const Graph& graph, const Operator& op);
/// Elements of constant weights and biases.
std::int64_t count_parameters(const Graph& graph);

/// Readable listing, one line an operator; stable, so it can serve as an approved text.
std::string dump(const Graph& graph);
/// GraphViz description: operators as boxes, tensors as edges with shape and type.
std::string to_dot(const Graph& graph);

}  // namespace u65sim
