// What every lowering needs: views of tensors, buffers, and new operations with sound defaults.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compile/lower/operators.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

class Lowering {
public:
    Lowering(Program& program, std::int32_t op, Segment& segment)
        : program_(program), index_(op), segment_(segment) {}

    Program& program() { return program_; }
    [[nodiscard]] std::int32_t index() const { return index_; }
    [[nodiscard]] const Operator& op() const { return program_.op(index_); }
    [[nodiscard]] const Tensor& input(std::size_t i) const {
        return program_.tensor(op().inputs.at(i));
    }
    [[nodiscard]] bool has_input(std::size_t i) const {
        return i < op().inputs.size() && op().inputs[i] >= 0;
    }
    /// The tensor the operator's result ends up in: that of a fused activation when there is one.
    [[nodiscard]] TensorId result() const;
    [[nodiscard]] const Tensor& output(std::size_t i = 0) const {
        return program_.tensor(op().outputs.at(i));
    }

    /// Where a tensor is; made on first use.
    View view(TensorId id);
    View input_view(std::size_t i) { return view(op().inputs.at(i)); }
    /// The result's place, with the quantisation of the operator's own output.
    View output_view();
    /// A part of a view; offsets in elements.
    View part(const View& view, std::int32_t y, std::int32_t x, std::int32_t c,
              const Extent& extent);
    /// Every step-th row and column of a view, from a place on.
    View stepped(const View& view, std::int32_t y, std::int32_t x, std::int32_t c,
                 const Extent& extent, std::int32_t step_y, std::int32_t step_x);
    /// A map read again and again along the axes where it has one element.
    View spread(const View& view, const Extent& extent);
    /// The view, or a copy of what it shows when that is not all of its bytes.
    View packed(const View& view);
    /// The same bytes under another extent. Copies first when they are not contiguous.
    View reshaped(const View& view, const Extent& extent);
    /// Where to compute a result under another extent: its own bytes, or a new map when these are
    /// not contiguous; place() then copies it there.
    View writable(const View& result, const Extent& extent);
    void place(const View& made, const View& result);
    /// A feature map that lives only inside this operator.
    View temporary(const Extent& extent, stream::DataType type, std::string_view suffix);
    /// Bytes in the constants, seen as a map.
    View constant(const Extent& extent, stream::DataType type, std::vector<std::uint8_t> bytes,
                  std::string_view suffix);

    /// A new operation, its clamp open to the output type's range.
    NpuOp& add(stream::KernelKind kind, const View& ifm, const View& ofm,
               std::string_view suffix = {});
    /// Takes the operation added last away again.
    NpuOp drop();
    /// Limits the result to what the operator's and its fused activation let through, or puts
    /// the fused table behind it.
    void activate(NpuOp& op);
    /// 1x1 average pool that keeps every value.
    NpuOp& copy(const View& ifm, const View& ofm, std::string_view suffix);
    /// 1x1 average pool from one quantisation to another.
    NpuOp& rescale(const View& ifm, const View& ofm, std::string_view suffix = {});

private:
    View make(TensorId id);
    int buffer_for(TensorId id);
    std::string unique_name(std::string_view suffix);

    Program& program_;
    std::int32_t index_;
    Segment& segment_;
    int named_ = 0;
};

/// `positions` positions of `depth` channels as the height and width that fill unit blocks of 2x2
/// best, the squarest of these.
Extent plane_of(std::int64_t positions, std::int32_t depth);

/// Predicted cycles of an operation by itself, with maps in the fast memory where they may be, for
/// so many bytes of weights.
std::int64_t cycles_alone(Program& program, NpuOp op, std::int64_t weights);
/// Of the operations added last, which are taken away again; `weights` bytes for those that have
/// any.
std::int64_t cycles_of_last(Lowering& lowering, int count, std::int64_t weights = 0);

/// Clamp in quantised units for an activation on an output of this scale and zero point.
struct Clamp {
    std::int32_t min = 0, max = 0;
};
Clamp clamp_of(Activation activation, const Tensor& output);
/// The widest clamp for elements of this type.
Clamp full_clamp(stream::DataType type);
/// Multiplier and shift that divide a sum of `n` elements, rounding to nearest.
stream::Scale divide_by(std::int64_t n);
/// A 16-bit look-up table as the constants hold it.
std::vector<std::uint8_t> bytes_of(const std::array<std::uint32_t, 512>& table);
/// Whether an operator maps each element alone to one of the same type by a look-up table: a curve,
/// or on 8 bits a PRELU of one slope.
bool has_table(const Program& program, const Operator& op);
/// The same for a clamp from one quantisation on 8 bits to another, which rescales.
bool has_rescaling_table(const Program& program, const Operator& op);
/// The table of such an operator: on 8 bits 256 bytes of raw output values, indexed by raw input
/// (signed: index value + 128), on 16 bits 512 steps.
std::vector<std::uint8_t> table_of(const Program& program, const Operator& op);

}  // namespace u65sim::compiler
