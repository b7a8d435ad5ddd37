// What the passes hand to each other: buffers, views of them, and NPU operations over views.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <u65sim/compile.hpp>

#include "base/rounding.hpp"
#include "compile/context.hpp"
#include "stream/operation.hpp"
#include "weights/order.hpp"
#include "weights/scale_record.hpp"

namespace u65sim::compiler {

// What indices and times are that stand for nothing.
inline constexpr std::int32_t no_operator = -1, no_segment = -1, no_buffer = -1, no_region = -1;
inline constexpr std::int32_t no_time = -1;      ///< a position in execution order
inline constexpr std::int32_t not_striped = -1;  ///< NpuOp::first_stripe

/// Height, width and depth of a feature map; the batch is always one (or folded into height).
struct Extent {
    std::int32_t h = 1, w = 1, c = 1;
    [[nodiscard]] std::int64_t elements() const { return std::int64_t{h} * w * c; }
    bool operator==(const Extent&) const = default;
};

/// A piece of memory that is placed as one.
struct Buffer {
    std::string name;
    Placement::Kind kind = Placement::Kind::feature_map;
    Extent extent;  ///< how it is laid out
    stream::DataType type = stream::DataType::s8;
    stream::Layout layout = stream::Layout::nhwc;
    bool linear = false;             ///< must stay NHWC
    bool pinned = false;             ///< must live in region_arena: others than the NPU touch it
    bool whole_life = false;         ///< state: never shares its memory
    std::vector<std::uint8_t> data;  ///< constants
    int copy_of = no_buffer;         ///< filled by copying that one when its reader is due
    std::int32_t rolling_rows = 0;   ///< of a cascade: row y lives in row y mod this; 0: all rows
    std::int64_t size = 0;           ///< bytes
    std::int32_t first_use = no_time, last_use = no_time;
    int region = no_region;
    std::int64_t offset = 0;
    std::string spill_reason;             ///< why it got no fast memory; "": it did
    std::int32_t producer = no_operator;  ///< of the graph
    std::vector<std::int32_t> consumers;  ///< graph operators
};

/// Which row or column of what is stored a view has twice: the tiles of a map overlap there.
enum class Again : std::uint8_t { none, first, last };

/// Part of a buffer as one operand sees it.
struct View {
    int buffer = no_buffer;
    Extent storage;  ///< the geometry the buffer is seen as (differs behind a reshape)
    std::int32_t y = 0, x = 0, c = 0;  ///< origin in `storage`
    Extent extent;                     ///< elements read or written
    /// Byte strides in elements when they are not those of `storage` (transposes, fills); NHWC.
    std::optional<std::int64_t> stride_y, stride_x;
    /// `extent` counts the row and the column that are there again.
    Again row_again = Again::none, column_again = Again::none;
    stream::DataType type = stream::DataType::s8;
    std::int32_t zero_point = 0;
    double scale = 0.0;  ///< 0: not quantised
    [[nodiscard]] bool valid() const { return buffer != no_buffer; }
    [[nodiscard]] bool whole() const {
        return y == 0 && x == 0 && c == 0 && storage == extent && !stride_y && !stride_x &&
               row_again == Again::none && column_again == Again::none;
    }
};

/// Where an operation's weights come from; the values are made only when they must be encoded.
struct WeightSource {
    enum class Form : std::uint8_t {
        ohwi,      ///< as stored
        channels,  ///< 1HWC, one filter a channel
        single,    ///< 1HWO with one input channel: O filters of depth 1
        flipped,   ///< OHWI with H and W reversed
        ones,      ///< every weight is 1
    };
    Form form = Form::ohwi;
    std::int32_t outputs = 0, height = 1, width = 1, inputs = 1;  ///< of the volume made
    ConstantData data;
    std::uint64_t content_hash = 0;  ///< of `data`, when known
    bool is_unsigned = false;
    std::vector<std::int32_t> zero_points;  ///< one, or one an output channel
    std::int32_t first_output = 0;          ///< of the stored tensor (groups)
    /// Zeros between elements (dilations the hardware lacks).
    std::int32_t spread_y = 1, spread_x = 1;
    [[nodiscard]] std::int64_t elements() const {
        return std::int64_t{outputs} * height * width * inputs;
    }
};

/// A slice of output channels, ranges of all cores back to back, with its bytes in the constants.
struct WeightSlice {
    std::int32_t first = 0, count = 0;
    std::uint64_t content = 0;  ///< hash of what its bytes are made from; 0: weights are modelled
    std::int64_t offset = 0;    ///< in constants
    std::int64_t size = 0;
    bool sampled = false;  ///< the size is about right, and so are the ranges
    std::array<stream::ByteRange, 2> scales{}, weights{};  ///< relative to `offset`
    /// Program::buffers: copied there first; no_buffer: read where it is.
    int buffer = no_buffer;
    std::int32_t ready_from = 0;  ///< time from which the buffer is its own
};

struct NpuOp {
    std::string name;  ///< unique
    std::int32_t graph_operator = no_operator;
    std::int32_t time = 0;    ///< position in execution order
    std::int32_t steps = 1;   ///< positions it takes: one a slice, when slices come and go
    stream::KernelOp kernel;  ///< modes, window, scales, clamp; maps are filled when emitting
    View ifm, ifm2, ofm;
    std::shared_ptr<const WeightSource> weights;  ///< null: none
    std::vector<weights::ScaleRecord> scales;     ///< by channel; none beside modelled weights
    std::vector<std::uint8_t> lut;                ///< 256, 1024 or 2048 bytes; empty: none
    std::int64_t lut_offset = 0;                  ///< in the constants
    bool may_overwrite_ifm = false;  ///< with its result: what is read there is read first
    bool waits_for_all = false;      ///< starts when the operation before has ended
    bool vector_product = false;     ///< fully connected: each weight is used once a batch
    std::vector<WeightSlice> slices;
    /// Stripes of one operation: index in the segment of the first one, which owns the weights.
    std::int32_t first_stripe = not_striped;
    std::int32_t stripes = 1;  ///< how many there are

    [[nodiscard]] bool binary() const { return ifm2.valid(); }
    [[nodiscard]] bool is_stripe() const { return first_stripe != not_striped; }
    /// A later stripe of an operation: its weights and tables are those of the first.
    [[nodiscard]] bool repeats(std::size_t index) const {
        return is_stripe() && first_stripe != static_cast<std::int32_t>(index);
    }
    [[nodiscard]] int ifm_bits() const { return 8 * stream::bytes_of(ifm.type); }
};

/// A run of operations between CPU operators.
struct Segment {
    std::vector<NpuOp> ops;
    std::vector<std::int32_t> operators;  ///< of the graph
    std::vector<TensorId> inputs, outputs;
};

/// What became of a graph operator.
struct Decision {
    bool on_npu = false;
    std::string reason;                     ///< why not
    bool folded = false;                    ///< made by addresses alone
    std::int32_t fused_into = no_operator;  ///< operator that computes this one too
};

/// A list of numbers for each of many things, one behind the other.
class Lists {
public:
    Lists() = default;
    explicit Lists(const std::vector<std::vector<std::int32_t>>& lists) {
        for (const auto& list : lists) {
            values_.insert(values_.end(), list.begin(), list.end());
            ends_.push_back(values_.size());
        }
    }
    std::span<const std::int32_t> operator[](std::size_t index) const {
        const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
        return std::span{values_}.subspan(begin, ends_[index] - begin);
    }

private:
    std::vector<std::int32_t> values_;
    std::vector<std::size_t> ends_;
};

/// Where in another tensor one is written: its first row, batches behind each other, column and
/// channel there.
struct Slot {
    TensorId into = no_tensor;
    std::int32_t y = 0, x = 0, c = 0;
};

/// Operators that follow one map element by element, as one look-up table.
struct FusedCurve {
    TensorId from = no_tensor, to = no_tensor;
    std::vector<std::int32_t> operators;  ///< in order; the last one makes `to`
};

/// What becomes of the graph's operators: CPU or NPU, runs of them, and who computes whom.
struct Partition {
    const Graph* graph = nullptr;
    std::shared_ptr<const Graph> folded_graph;   ///< what `graph` is when operators were folded
    std::vector<std::string> folded;             ///< these operators, for people
    std::vector<Decision> decisions;             ///< per operator
    Lists consumers;                             ///< per tensor: operators
    std::vector<std::int32_t> producers;         ///< per tensor: operator, or no_operator
    std::vector<std::int32_t> order;             ///< operators as they run
    std::vector<std::int32_t> segment_of;        ///< per operator: segment, or no_segment
    std::vector<bool> bound;                     ///< per tensor: crosses a segment's border
    std::vector<std::int32_t> fused_activation;  ///< per operator: operator, or no_operator
    /// Per operator that looks them up: behind its own result, or, where it is their first one,
    /// alone.
    std::unordered_map<std::int32_t, FusedCurve> curves;
    /// Per convolution: a DEPTH_TO_SPACE whose blocks it writes.
    std::unordered_map<std::int32_t, std::int32_t> fused_blocks;
    std::vector<std::int32_t> fused_pad;  ///< per operator: pad operator, or no_operator
    std::vector<Slot> slots;              ///< per tensor: place in another one
    /// Bytes of the largest map that some operator's form takes to be in the SRAM, though it lives
    /// longer than the operator; 0: none.
    std::int64_t largest_hoped_for = 0;
    std::vector<CompiledNetwork::Step> steps;
    /// Operators that take more than the registers or the shared buffer hold, and why: the CPU's.
    std::unordered_map<std::int32_t, std::string> refusals;

    [[nodiscard]] const Operator& op(std::int32_t index) const {
        return graph->operators[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] const Tensor& tensor(TensorId id) const {
        return graph->tensors[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] Decision& decision(std::int32_t index) {
        return decisions[static_cast<std::size_t>(index)];
    }
};

/// The constants region while it grows.
struct ConstantsRegion {
    std::vector<std::uint8_t> bytes;  ///< stays empty when only sizes and places are wanted
    std::int64_t size = 0;
    std::uint64_t hash = 0;                                   ///< of what they are made from
    std::unordered_map<std::uint64_t, std::int64_t> offsets;  ///< by content hash
};

/// NPU operations over views of buffers; with blocks and encoded weights from the passes of these
/// names on.
struct Program : CompileContext, Partition {
    std::vector<View> views;             ///< per tensor
    std::vector<std::int32_t> cpu_time;  ///< per operator on the CPU: position, or no_time
    std::vector<Buffer> buffers;
    std::vector<Segment> segments;
    std::int32_t times = 0;  ///< positions in execution order
    ConstantsRegion constants;
    /// Where fast memory is crowded, maps that are read over and over come when they are read, so
    /// that weights have room, instead of staying from first to last use.
    bool in_turns = false;
    /// Plans of so many cycles are of no use.
    std::int64_t too_many_cycles = std::numeric_limits<std::int64_t>::max();
    std::vector<std::string> reasons;  ///< of decisions: alternatives and their predicted cycles

    [[nodiscard]] Buffer& buffer(const View& view) {
        return buffers[static_cast<std::size_t>(view.buffer)];
    }
    [[nodiscard]] const Buffer& buffer(const View& view) const {
        return buffers[static_cast<std::size_t>(view.buffer)];
    }
};

/// Operations and buffers with places in the memories.
struct PlannedProgram : Program {
    std::int64_t arena_size = 0, fast_size = 0;  ///< bytes of the two regions
    /// Cycles that are lost to reads over and over off-chip, of maps and weights, as predicted for
    /// each alone: a copy, or slices, had no room in the fast memory.
    std::int64_t crowded_cycles = 0;
    /// Cycles of all kernels one after the other, with weights in SRAM: no less is predicted.
    std::int64_t kernel_cycles = 0;
    /// The same with weights where they are, but for those that have room for good.
    std::int64_t staying_cycles = 0;
    bool is_given_up = false;  ///< `kernel_cycles` are too many: it is not complete
};

/// Calls visit(op) for the operations of all segments, in order.
template <class AnyProgram, class Visit>
void for_each_op(AnyProgram& program, Visit visit) {
    for (auto& segment : program.segments) {
        for (auto& op : segment.ops) visit(op);
    }
}

/// Bytes a map of this extent takes in a layout.
std::int64_t storage_bytes(const Extent& extent, stream::DataType type, stream::Layout layout);
/// The layout of a map of this extent that may have either. A single pixel is one run as it is,
/// where bricks are fetched one by one; below 16 channels a row is, and bricks would waste memory.
/// Vela takes them from 8 channels on, for pixels too.
stream::Layout layout_for(const Program& program, const Extent& map);
/// The registers' picture of a view, once its buffer has a place.
stream::FeatureMap resolve(const Program& program, const View& view);
/// The same without addresses, for a buffer in this region and layout.
stream::FeatureMap map_of(const View& view, int region, stream::Layout layout);
/// A shape as height, width, depth: missing dimensions are 1 in front, a batch goes into height.
Extent extent_of(const Shape& shape);

}  // namespace u65sim::compiler
