// Numbers, names and parameter bits of every command an Ethos-U55/U65 knows. Source: register
// description of the product.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace u65sim::stream {

/// One-word commands: operations, then registers of up to 16 bits.
namespace cmd0 {
enum Opcode : std::uint16_t {
    stop = 0x000,
    irq = 0x001,
    conv = 0x002,
    depthwise = 0x003,
    pool = 0x005,
    elementwise = 0x006,
    dma_start = 0x010,
    dma_wait = 0x011,
    kernel_wait = 0x012,
    pmu_mask = 0x013,
    ifm_pad_top = 0x100,
    ifm_pad_left = 0x101,
    ifm_pad_right = 0x102,
    ifm_pad_bottom = 0x103,
    ifm_depth_m1 = 0x104,
    ifm_precision = 0x105,
    ifm_upscale = 0x107,
    ifm_zero_point = 0x109,
    ifm_width0_m1 = 0x10A,
    ifm_height0_m1 = 0x10B,
    ifm_height1_m1 = 0x10C,
    ifm_ib_end = 0x10D,
    ifm_region = 0x10F,
    ofm_width_m1 = 0x111,
    ofm_height_m1 = 0x112,
    ofm_depth_m1 = 0x113,
    ofm_precision = 0x114,
    ofm_blk_width_m1 = 0x115,
    ofm_blk_height_m1 = 0x116,
    ofm_blk_depth_m1 = 0x117,
    ofm_zero_point = 0x118,
    ofm_width0_m1 = 0x11A,
    ofm_height0_m1 = 0x11B,
    ofm_height1_m1 = 0x11C,
    ofm_region = 0x11F,
    kernel_width_m1 = 0x120,
    kernel_height_m1 = 0x121,
    kernel_stride = 0x122,
    parallel_mode = 0x123,
    acc_format = 0x124,
    activation = 0x125,
    activation_min = 0x126,
    activation_max = 0x127,
    weight_region = 0x128,
    scale_region = 0x129,
    ab_start = 0x12D,
    blockdep = 0x12F,
    dma0_src_region = 0x130,
    dma0_dst_region = 0x131,
    dma0_size0 = 0x132,
    dma0_size1 = 0x133,
    ifm2_broadcast = 0x180,
    ifm2_scalar = 0x181,
    ifm2_precision = 0x185,
    ifm2_zero_point = 0x189,
    ifm2_width0_m1 = 0x18A,
    ifm2_height0_m1 = 0x18B,
    ifm2_height1_m1 = 0x18C,
    ifm2_ib_start = 0x18D,
    ifm2_region = 0x18F,
};
}  // namespace cmd0

/// Two-word commands: registers with a 32-bit payload, and 8 more bits of an address or 6 of a
/// shift in the parameter.
namespace cmd1 {
enum Opcode : std::uint16_t {
    ifm_base0 = 0x000,
    ifm_stride_x = 0x004,
    ifm_stride_y = 0x005,
    ifm_stride_c = 0x006,
    ofm_base0 = 0x010,
    ofm_stride_x = 0x014,
    ofm_stride_y = 0x015,
    ofm_stride_c = 0x016,
    weight_base = 0x020,
    weight_length = 0x021,
    scale_base = 0x022,
    scale_length = 0x023,
    ofm_scale = 0x024,
    opa_scale = 0x025,
    opb_scale = 0x026,
    dma0_src = 0x030,
    dma0_dst = 0x031,
    dma0_len = 0x032,
    dma0_skip0 = 0x033,
    dma0_skip1 = 0x034,
    ifm2_base0 = 0x080,
    ifm2_stride_x = 0x084,
    ifm2_stride_y = 0x085,
    ifm2_stride_c = 0x086,
    weight1_base = 0x090,
    weight1_length = 0x091,
    scale1_base = 0x092,
    scale1_length = 0x093,
};
}  // namespace cmd1

/// How the operand of a command reads.
enum class Operand : std::uint8_t {
    number,         ///< cmd0: the parameter
    signed_number,  ///< cmd0: the parameter as two's complement
    less_one,       ///< cmd0: the parameter plus one
    bits,           ///< cmd0: packed fields
    address,        ///< cmd1: 40 bits
    length,         ///< cmd1: the payload alone
    scale,          ///< cmd1: multiplier in the payload, shift in the parameter
};

struct OpcodeInfo {
    std::string_view name;
    std::uint16_t parameter_mask = 0;  ///< bits that may be set
    Operand operand = Operand::number;
    bool u65_only = false;
};

/// Null for an opcode nobody knows. Constant time.
const OpcodeInfo* find_opcode(bool has_payload, std::uint16_t opcode);

struct OpcodeNumber {
    bool has_payload = false;
    std::uint16_t opcode = 0;
    const OpcodeInfo* info = nullptr;  ///< null when the name is unknown
};
OpcodeNumber find_opcode(std::string_view name);
/// Every command's name.
std::vector<std::string_view> opcode_names();

}  // namespace u65sim::stream
