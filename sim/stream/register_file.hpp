// The registers a stream writes. They keep their values from one operation to the next.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "stream/instruction.hpp"

namespace u65sim::stream {

class RegisterFile {
public:
    static constexpr std::size_t size = 0x190;

    /// False when the register already held this value.
    bool write(const Instruction& instruction) {
        const std::size_t at = slot(instruction.has_payload, instruction.opcode);
        const std::uint64_t value =
            instruction.has_payload
                ? std::uint64_t{instruction.parameter} << 32 | instruction.payload
                : instruction.parameter;
        if (written_[at] && values_[at] == value) return false;
        written_[at] = true;
        values_[at] = value;
        return true;
    }
    [[nodiscard]] bool is_written(bool has_payload, std::uint16_t opcode) const {
        return written_[slot(has_payload, opcode)];
    }
    /// cmd0: the parameter. cmd1: payload below, parameter from bit 32.
    [[nodiscard]] std::uint64_t value(bool has_payload, std::uint16_t opcode) const {
        return values_[slot(has_payload, opcode)];
    }

private:
    static std::size_t slot(bool has_payload, std::uint16_t opcode) {
        return opcode + (has_payload ? size : 0);
    }
    std::array<std::uint64_t, 2 * size> values_{};
    std::bitset<2 * size> written_;
};

/// Opcodes of one feature map's registers; the three maps repeat the same pattern.
struct MapRegisters {
    std::uint16_t region, height0, height1, width0, zero_point, precision;  ///< cmd0
    std::uint16_t base0, stride_c, stride_y, stride_x;                      ///< cmd1
};
inline constexpr MapRegisters ifm_registers{
    cmd0::ifm_region,     cmd0::ifm_height0_m1, cmd0::ifm_height1_m1, cmd0::ifm_width0_m1,
    cmd0::ifm_zero_point, cmd0::ifm_precision,  cmd1::ifm_base0,      cmd1::ifm_stride_c,
    cmd1::ifm_stride_y,   cmd1::ifm_stride_x};
inline constexpr MapRegisters ifm2_registers{
    cmd0::ifm2_region,     cmd0::ifm2_height0_m1, cmd0::ifm2_height1_m1, cmd0::ifm2_width0_m1,
    cmd0::ifm2_zero_point, cmd0::ifm2_precision,  cmd1::ifm2_base0,      cmd1::ifm2_stride_c,
    cmd1::ifm2_stride_y,   cmd1::ifm2_stride_x};
inline constexpr MapRegisters ofm_registers{
    cmd0::ofm_region,     cmd0::ofm_height0_m1, cmd0::ofm_height1_m1, cmd0::ofm_width0_m1,
    cmd0::ofm_zero_point, cmd0::ofm_precision,  cmd1::ofm_base0,      cmd1::ofm_stride_c,
    cmd1::ofm_stride_y,   cmd1::ofm_stride_x};

}  // namespace u65sim::stream
