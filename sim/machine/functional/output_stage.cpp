#include "machine/functional/output_stage.hpp"

#include <cstring>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine::functional {
namespace {

using stream::DataType;

// ACTIVATION function numbers and clip ranges of the register description.
constexpr int function_tanh = 3;
constexpr int function_sigmoid = 4;
constexpr int function_first_table = 16;
constexpr int table_slot_bytes = 256;

/// The unsigned 32-bit pattern is written through a signed word.
IntegerRange written_range(DataType type) {
    return stream::range_of(type == DataType::u32 ? DataType::s32 : type);
}

DataType clip_type(const stream::KernelOp& op, const Memory& memory) {
    switch (op.activation.clip_range) {
        case 0:
            return op.ofm.type;
        case 2:
            return DataType::u8;
        case 3:
            return DataType::s8;
        case 5:
            return DataType::s16;
        default:
            break;
    }
    throw InvalidStream(fmt::format("{}: activation clip range {}: must be 0, 2, 3 or 5",
                                    memory.place().text(), op.activation.clip_range));
}

}  // namespace

arith::RoundingMode rounding_of(const stream::KernelOp& op) {
    switch (op.rounding) {
        case stream::Rounding::tfl:
            return arith::RoundingMode::tfl;
        case stream::Rounding::truncate:
            return arith::RoundingMode::truncate;
        case stream::Rounding::natural:
            break;
    }
    return arith::RoundingMode::natural;
}

OutputStage::OutputStage(const stream::KernelOp& op, const Architecture& arch, Memory& memory)
    : function_(op.activation.function), zero_point_(op.ofm.zero_point) {
    const DataType type = clip_type(op, memory);
    const IntegerRange range = written_range(type);
    low_ = range.low;
    high_ = range.high;
    // The clamp registers have 16 bits: they cannot bound a 32-bit result.
    if (stream::bytes_of(type) < 4) {
        low_ = std::max<std::int64_t>(low_, op.activation.min);
        high_ = std::min<std::int64_t>(high_, op.activation.max);
    }
    if (op.activation.uses_lut()) {
        plain_ = false;
        load_table(op, arch, memory);
        return;
    }
    // A 32-bit output has no zero point: Vela 3 and 4 leave one of the operation before in the
    // register, and devices do not add it. In front of a table it is the index's, which has one.
    if (stream::bytes_of(op.ofm.type) == 4) zero_point_ = 0;
    plain_ = function_ == 0;
    if (!plain_ && function_ != function_tanh && function_ != function_sigmoid) {
        throw InvalidStream(fmt::format("{}: activation function {}: must be 0, 3, 4 or 16 to 23",
                                        memory.place().text(), function_));
    }
}

void OutputStage::load_table(const stream::KernelOp& op, const Architecture& arch, Memory& memory) {
    const DataType index = clip_type(op, memory);
    const int index_bytes = stream::bytes_of(index);
    const int output_bytes = stream::bytes_of(op.ofm.type);
    const auto address = static_cast<std::uint64_t>(
        arch.lut_address() + (function_ - function_first_table) * table_slot_bytes);
    if (index_bytes == 2) {
        table_ = Table::interpolated;
        const std::uint8_t* from = memory.read(shram_region, address, sizeof steps_);
        std::memcpy(steps_.data(), from, sizeof steps_);
        return;
    }
    if (index_bytes != 1 || output_bytes == 2) {
        throw InvalidStream(
            fmt::format("{}: look-up table with {}-byte index and {}-byte output: tables take 8 "
                        "bits to 8 or 32, or 16 to 16",
                        memory.place().text(), index_bytes, output_bytes));
    }
    first_index_ = stream::is_signed(index) ? -128 : 0;
    table_ = output_bytes == 1 ? Table::bytes : Table::words;
    const std::size_t entry = table_ == Table::bytes ? 1 : 4;
    const std::uint8_t* from = memory.read(shram_region, address, 256 * entry);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (table_ == Table::words) {
            std::memcpy(&entries_[i], from + i * entry, entry);
        } else {
            entries_[i] = stream::is_signed(op.ofm.type) ? static_cast<std::int8_t>(from[i])
                                                         : std::int32_t{from[i]};
        }
    }
}

std::int32_t OutputStage::finish_activated(std::int64_t scaled) const {
    std::int64_t value = scaled;
    if (table_ == Table::none) {
        constexpr std::int64_t beyond_saturation = 1 << 20;
        const auto bounded =
            static_cast<std::int32_t>(std::clamp(value, -beyond_saturation, beyond_saturation));
        value = function_ == function_tanh ? arith::tanh16(bounded) : arith::logistic16(bounded);
    }
    const std::int32_t index = clamped(value);
    switch (table_) {
        case Table::none:
            return index;
        case Table::interpolated:
            return arith::look_up16(steps_, static_cast<std::int16_t>(index));
        case Table::bytes:
        case Table::words:
            break;
    }
    return entries_[static_cast<std::size_t>(std::clamp(index - first_index_, 0, 255))];
}

}  // namespace u65sim::machine::functional
