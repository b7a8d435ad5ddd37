// Cycles a MAC or an element of operators that stay on the CPU.
#include <algorithm>
#include <array>
#include <utility>

#include <u65sim/host.hpp>

namespace u65sim {
namespace {

using Kind = FieldSource::Kind;

constexpr std::string_view m55_mac =
    "published peak: 8 MACs of 8 bits a cycle (Cortex-M55 with Helium); CMSIS-NN is assumed to "
    "reach a sixth to a half of it";
constexpr std::string_view m55_depthwise =
    "assumed: CMSIS-NN's depthwise kernels reuse no input, so loads bind them; a third to an "
    "eighth of the dense rate";
constexpr std::string_view m55_dense =
    "assumed: each weight is loaded for one MAC; 4 to 8 bytes a cycle at best, less from flash";
constexpr std::string_view m55_vector =
    "assumed: Helium kernels take a few instructions for 4 to 16 elements and requantise in 32 "
    "bits";
constexpr std::string_view scalar_reference =
    "assumed: the runtime's reference kernel, a scalar loop with index arithmetic";
constexpr std::string_view exponential =
    "assumed: fixed-point exponential and division of each element, some tens of instructions";
constexpr std::string_view m85_scaled =
    "assumed: as the Cortex-M55, whose published Helium throughput a clock it exceeds by up to a "
    "fifth, with less stalling";
constexpr std::string_view a55_mac =
    "published peak: 16 MACs of 8 bits a cycle (SDOT on two 64-bit NEON pipes); XNNPACK and ruy "
    "are "
    "assumed to reach a quarter to three quarters";
constexpr std::string_view a55_vector = "assumed: NEON kernels, 16 elements in a few instructions";
constexpr std::string_view a55_memory = "assumed: bound by loads from the second-level cache";

constexpr std::array<CpuCost, 33> table{{
    {Cpu::cortex_m55, "convolution", "MAC", 0.2, 0.35, 0.8, Kind::assumed, m55_mac},
    {Cpu::cortex_m55, "depthwise", "MAC", 0.6, 1.2, 3.0, Kind::assumed, m55_depthwise},
    {Cpu::cortex_m55, "dense", "MAC", 0.25, 0.5, 1.2, Kind::assumed, m55_dense},
    {Cpu::cortex_m55, "pool", "MAC", 0.3, 0.8, 2.5, Kind::assumed, m55_vector},
    {Cpu::cortex_m55, "arithmetic", "element", 1.5, 3.0, 8.0, Kind::assumed, m55_vector},
    {Cpu::cortex_m55, "function", "element", 2.0, 5.0, 20.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m55, "softmax", "element", 20.0, 45.0, 120.0, Kind::assumed, exponential},
    {Cpu::cortex_m55, "requantise", "element", 2.0, 8.0, 25.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m55, "movement", "element", 0.25, 1.0, 6.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m55, "reduction", "element", 1.0, 4.0, 12.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m55, "other", "element", 2.0, 15.0, 60.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m85, "convolution", "MAC", 0.16, 0.3, 0.7, Kind::assumed, m85_scaled},
    {Cpu::cortex_m85, "depthwise", "MAC", 0.5, 1.0, 2.5, Kind::assumed, m85_scaled},
    {Cpu::cortex_m85, "dense", "MAC", 0.2, 0.45, 1.2, Kind::assumed, m85_scaled},
    {Cpu::cortex_m85, "pool", "MAC", 0.25, 0.7, 2.0, Kind::assumed, m85_scaled},
    {Cpu::cortex_m85, "arithmetic", "element", 1.2, 2.5, 7.0, Kind::assumed, m85_scaled},
    {Cpu::cortex_m85, "function", "element", 1.5, 4.0, 16.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m85, "softmax", "element", 15.0, 35.0, 100.0, Kind::assumed, exponential},
    {Cpu::cortex_m85, "requantise", "element", 1.5, 6.0, 20.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m85, "movement", "element", 0.2, 0.8, 5.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m85, "reduction", "element", 0.8, 3.0, 10.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_m85, "other", "element", 1.5, 12.0, 50.0, Kind::assumed, scalar_reference},
    {Cpu::cortex_a55, "convolution", "MAC", 0.08, 0.12, 0.25, Kind::assumed, a55_mac},
    {Cpu::cortex_a55, "depthwise", "MAC", 0.25, 0.5, 1.2, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "dense", "MAC", 0.12, 0.25, 0.8, Kind::assumed, a55_memory},
    {Cpu::cortex_a55, "pool", "MAC", 0.1, 0.3, 1.0, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "arithmetic", "element", 0.5, 1.2, 4.0, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "function", "element", 0.8, 2.0, 10.0, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "softmax", "element", 6.0, 15.0, 60.0, Kind::assumed, exponential},
    {Cpu::cortex_a55, "requantise", "element", 0.4, 1.5, 6.0, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "movement", "element", 0.15, 0.5, 3.0, Kind::assumed, a55_memory},
    {Cpu::cortex_a55, "reduction", "element", 0.4, 1.5, 6.0, Kind::assumed, a55_vector},
    {Cpu::cortex_a55, "other", "element", 1.0, 6.0, 30.0, Kind::assumed, scalar_reference},
}};

/// Operators by the work they are; the rest is "other".
constexpr std::array<std::pair<std::string_view, std::string_view>, 62> works{{
    {"CONV_2D", "convolution"},
    {"TRANSPOSE_CONV", "convolution"},
    {"CONV_3D", "convolution"},
    {"DEPTHWISE_CONV_2D", "depthwise"},
    {"FULLY_CONNECTED", "dense"},
    {"BATCH_MATMUL", "dense"},
    {"UNIDIRECTIONAL_SEQUENCE_LSTM", "dense"},
    {"LSTM", "dense"},
    {"SVDF", "dense"},
    {"AVERAGE_POOL_2D", "pool"},
    {"MAX_POOL_2D", "pool"},
    {"ADD", "arithmetic"},
    {"SUB", "arithmetic"},
    {"MUL", "arithmetic"},
    {"MAXIMUM", "arithmetic"},
    {"MINIMUM", "arithmetic"},
    {"ABS", "arithmetic"},
    {"NEG", "arithmetic"},
    {"SQUARED_DIFFERENCE", "arithmetic"},
    {"ADD_N", "arithmetic"},
    {"RELU", "arithmetic"},
    {"RELU6", "arithmetic"},
    {"RELU_N1_TO_1", "arithmetic"},
    {"PRELU", "arithmetic"},
    {"LEAKY_RELU", "function"},
    {"LOGISTIC", "function"},
    {"TANH", "function"},
    {"HARD_SWISH", "function"},
    {"ELU", "function"},
    {"GELU", "function"},
    {"RSQRT", "function"},
    {"SQRT", "function"},
    {"SOFTMAX", "softmax"},
    {"LOG_SOFTMAX", "softmax"},
    {"EXP", "softmax"},
    {"LOG", "softmax"},
    {"QUANTIZE", "requantise"},
    {"DEQUANTIZE", "requantise"},
    {"CAST", "requantise"},
    {"RESHAPE", "movement"},
    {"SQUEEZE", "movement"},
    {"EXPAND_DIMS", "movement"},
    {"TRANSPOSE", "movement"},
    {"CONCATENATION", "movement"},
    {"SLICE", "movement"},
    {"STRIDED_SLICE", "movement"},
    {"SPLIT", "movement"},
    {"SPLIT_V", "movement"},
    {"PACK", "movement"},
    {"UNPACK", "movement"},
    {"PAD", "movement"},
    {"PADV2", "movement"},
    {"MIRROR_PAD", "movement"},
    {"GATHER", "movement"},
    {"TILE", "movement"},
    {"SPACE_TO_DEPTH", "movement"},
    {"DEPTH_TO_SPACE", "movement"},
    {"MEAN", "reduction"},
    {"SUM", "reduction"},
    {"REDUCE_MAX", "reduction"},
    {"ARG_MAX", "reduction"},
    {"ARG_MIN", "reduction"},
}};

}  // namespace

std::vector<CpuCost> cpu_costs(Cpu cpu) {
    std::vector<CpuCost> costs;
    std::copy_if(table.begin(), table.end(), std::back_inserter(costs),
                 [cpu](const CpuCost& each) { return each.cpu == cpu; });
    return costs;
}

std::string_view work_of(std::string_view operator_type) {
    const auto found = std::find_if(works.begin(), works.end(),
                                    [&](const auto& each) { return each.first == operator_type; });
    return found == works.end() ? "other" : found->second;
}

}  // namespace u65sim
