// What a register command stream asks for, as values: the language between compiler and machine.
// Register numbers and bit fields: the register description of the NPU. Nothing here knows a graph
// or a kernel.
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/integer_range.hpp"
#include "target/architecture.hpp"

namespace u65sim::stream {

enum class DataType : std::uint8_t { u8, s8, u16, s16, u32, s32 };
constexpr int bytes_of(DataType type) {
    return type <= DataType::s8 ? 1 : type <= DataType::s16 ? 2 : 4;
}
constexpr bool is_signed(DataType type) { return (static_cast<int>(type) & 1) != 0; }
constexpr IntegerRange range_of(DataType type) {
    return integer_range(8 * bytes_of(type), is_signed(type));
}

enum class Layout : std::uint8_t { nhwc, nhcwb16 };

/// A feature map as the registers describe it. For an IFM, `height` is what the operation needs
/// (not a register): max(HEIGHT0, (OFM_H-1)*stride + kernel - pad_top - pad_bottom) over upscale.
struct FeatureMap {
    int region = 0;
    std::array<std::uint64_t, 4> base{};  ///< byte offset of tiles 0..3 in the region
    int width0 = 0, height0 = 0, height1 = 0;
    int height = 0, width = 0, depth = 0;                   ///< elements
    std::int64_t stride_y = 0, stride_x = 0, stride_c = 0;  ///< bytes; stride_c: a 16-channel slice
    DataType type = DataType::s8;
    Layout layout = Layout::nhwc;
    std::int32_t zero_point = 0;
    bool operator==(const FeatureMap&) const = default;

    /// Byte offset in the region of element (y, x, c), through tiles and layout.
    [[nodiscard]] std::uint64_t address(int y, int x, int c) const;
};

enum class KernelKind : std::uint8_t { conv, depthwise, pool, elementwise };
enum class PoolMode : std::uint8_t { max, average, reduce_sum };
enum class ElementwiseMode : std::uint8_t { mul, add, sub, min, max, lrelu, abs, clz, shr, shl };
constexpr bool is_unary(ElementwiseMode mode) {
    return mode == ElementwiseMode::lrelu || mode == ElementwiseMode::abs ||
           mode == ElementwiseMode::clz;
}
enum class Upscale : std::uint8_t { none, nearest, zeros };
enum class AccFormat : std::uint8_t { int32, int40, fp16 };
enum class Rounding : std::uint8_t { tfl, truncate, natural };
/// How ADD/SUB scale their operands (IFM_PRECISION bits 9:8).
enum class OperandScaling : std::uint8_t { both16, a32, b32 };

struct ByteRange {
    std::uint64_t base = 0;  ///< offset in its region
    std::uint32_t length = 0;
    bool operator==(const ByteRange&) const = default;
};

struct Scale {
    std::uint32_t multiplier = 1;
    int shift = 0;
    bool operator==(const Scale&) const = default;
};

struct Kernel {
    int height = 1, width = 1;  ///< undilated elements
    int stride_y = 1, stride_x = 1;
    int dilation_y = 1, dilation_x = 1;
    bool part_kernel_first = false;
    bool decompose_4x4 = false;
    [[nodiscard]] int dilated_height() const { return (height - 1) * dilation_y + 1; }
    [[nodiscard]] int dilated_width() const { return (width - 1) * dilation_x + 1; }
    bool operator==(const Kernel&) const = default;
};

struct Pad {
    int top = 0, left = 0, right = 0, bottom = 0;
    bool operator==(const Pad&) const = default;
};

/// ACTIVATION: function 0 none/clamp, 3 tanh, 4 sigmoid, 16..23 LUT 0..7; clip range bits 14:12.
struct ActivationSpec {
    int function = 0;
    int clip_range = 0;
    std::int32_t min = -128, max = 127;  ///< quantised OFM units, as the int16 registers hold them
    [[nodiscard]] bool uses_lut() const { return function >= 16; }
    bool operator==(const ActivationSpec&) const = default;
};

struct Broadcast {
    bool height = false, width = false, depth = false;
    bool swap_operands = false;  ///< IFM2 is operand A
    bool scalar = false;         ///< IFM2 is `ifm2_scalar`
    bool operator==(const Broadcast&) const = default;
};

/// CONV, DEPTHWISE, POOL or ELEMENTWISE with every register it reads.
struct KernelOp {
    KernelKind kind = KernelKind::conv;
    PoolMode pool_mode = PoolMode::max;                       ///< kind == pool
    ElementwiseMode elementwise_mode = ElementwiseMode::add;  ///< kind == elementwise
    FeatureMap ifm, ofm;
    FeatureMap ifm2;  ///< binary elementwise without scalar
    std::int32_t ifm2_scalar = 0;
    Broadcast broadcast;
    Upscale upscale = Upscale::none;
    Kernel kernel;
    Pad pad;
    int weight_region = 0, scale_region = 0;
    std::array<ByteRange, 2> weights{};  ///< per core
    std::array<ByteRange, 2> scales{};   ///< per core
    bool global_scale = false;           ///< OFM_PRECISION bit 8: ofm_scale holds for all channels
    Scale ofm_scale, opa_scale, opb_scale;
    OperandScaling operand_scaling = OperandScaling::both16;
    Rounding rounding = Rounding::tfl;
    ActivationSpec activation;
    BlockShape block;                                 ///< OFM_BLK
    int ib_end = 0, ab_start = 0, ifm2_ib_start = 0;  ///< SHRAM banks
    AccFormat acc_format = AccFormat::int32;
    int blockdep = 0;
    int parallel_mode = 0;  ///< 1: two cores split by OFM depth
    bool operator==(const KernelOp&) const = default;

    [[nodiscard]] bool has_weights() const {
        return kind == KernelKind::conv || kind == KernelKind::depthwise;
    }
    [[nodiscard]] bool is_binary() const {
        return kind == KernelKind::elementwise && !is_unary(elementwise_mode);
    }
    /// Multiply-accumulates asked for: OFM elements x window x input depth (pool: x window;
    /// elementwise: none).
    [[nodiscard]] std::int64_t macs() const;
    /// Whether the buffers in SHRAM stand where those of `other` do and are used alike, so that the
    /// two may overlap.
    [[nodiscard]] bool shares_shram_layout(const KernelOp& other) const;
};

struct DmaEnd {
    int region = 0;         ///< when internal: core mask
    bool internal = false;  ///< SHRAM byte address
    std::uint64_t address = 0;
    bool packed = false;  ///< of a strided copy: runs lie one behind the other here
    bool operator==(const DmaEnd&) const = default;
};

/// Memory-to-memory copy. stride_mode 0: one run of `length`; 1: size0 runs with skip0 between;
/// 2: size1 of those with skip1 between. Sizes hold for both ends, skips for those not packed.
struct DmaOp {
    DmaEnd source, destination;
    std::uint64_t length = 0;  ///< bytes of one inner transfer
    int stride_mode = 0;
    int size0 = 1, size1 = 1;
    std::int64_t skip0 = 0, skip1 = 0;
    /// How many runs stand behind each other, and how often those are repeated.
    [[nodiscard]] std::int64_t inner_runs() const { return stride_mode > 0 ? size0 : 1; }
    [[nodiscard]] std::int64_t outer_runs() const { return stride_mode > 1 ? size1 : 1; }
    [[nodiscard]] std::int64_t runs() const { return inner_runs() * outer_runs(); }
    [[nodiscard]] std::uint64_t total_bytes() const {
        return length * static_cast<std::uint64_t>(runs());
    }
    /// From the first to the last byte of one end, what is skipped included.
    [[nodiscard]] std::uint64_t span(const DmaEnd& end) const;
    bool operator==(const DmaOp&) const = default;
};

struct KernelWait {
    int outstanding = 0;
    bool operator==(const KernelWait&) const = default;
};
struct DmaWait {
    int outstanding = 0;
    bool operator==(const DmaWait&) const = default;
};
struct Stop {
    int mask = 0xFFFF;
    bool operator==(const Stop&) const = default;
};
struct Irq {
    int mask = 0;
    bool operator==(const Irq&) const = default;
};
struct PmuMask {
    bool enable = false;
    bool operator==(const PmuMask&) const = default;
};

using Action = std::variant<KernelOp, DmaOp, KernelWait, DmaWait, Stop, Irq, PmuMask>;

/// One NPU_OP_* of a stream with the register file it met.
struct Command {
    std::uint32_t word_index = 0;  ///< of the NPU_OP word
    std::uint32_t words = 0;  ///< words from behind the previous NPU_OP up to and with this one
    Action action;
    bool operator==(const Command&) const = default;
};

/// Words (without payload header) -> commands. Throws InvalidStream with the word's index for
/// unknown opcodes, truncated pairs, set reserved bits, registers an operation needs but nobody
/// wrote, and values the accelerator cannot take.
std::vector<Command> decode(const std::vector<std::uint32_t>& words,
                            const Accelerator& accelerator);

/// Commands -> words, register writes in Vela's order (reference 3.6), unchanged registers
/// omitted. decode(encode(x)) gives equal actions.
std::vector<std::uint32_t> encode(const std::vector<Action>& actions,
                                  const Accelerator& accelerator);

}  // namespace u65sim::stream
