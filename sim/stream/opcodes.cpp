#include "stream/opcodes.hpp"

#include <array>
#include <cstddef>

namespace u65sim::stream {
namespace {

constexpr std::size_t table_size = 0x190;

struct Row {
    std::uint16_t opcode;
    OpcodeInfo info;
};

using enum Operand;

constexpr std::array cmd0_rows{
    Row{cmd0::stop, {"STOP", 0xFFFF, bits}},
    Row{cmd0::irq, {"IRQ", 0xFFFF, bits}},
    Row{cmd0::conv, {"CONV", 0}},
    Row{cmd0::depthwise, {"DEPTHWISE", 0}},
    Row{cmd0::pool, {"POOL", 0x7}},
    Row{cmd0::elementwise, {"ELEMENTWISE", 0x3F}},
    Row{cmd0::dma_start, {"DMA_START", 0}},
    Row{cmd0::dma_wait, {"DMA_WAIT", 0xF}},
    Row{cmd0::kernel_wait, {"KERNEL_WAIT", 0x3}},
    Row{cmd0::pmu_mask, {"PMU_MASK", 0x1}},
    Row{cmd0::ifm_pad_top, {"IFM_PAD_TOP", 0x7F}},
    Row{cmd0::ifm_pad_left, {"IFM_PAD_LEFT", 0x7F}},
    Row{cmd0::ifm_pad_right, {"IFM_PAD_RIGHT", 0xFF}},
    Row{cmd0::ifm_pad_bottom, {"IFM_PAD_BOTTOM", 0xFF}},
    Row{cmd0::ifm_depth_m1, {"IFM_DEPTH_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm_precision, {"IFM_PRECISION", 0xC3CD, bits}},
    Row{cmd0::ifm_upscale, {"IFM_UPSCALE", 0x3}},
    Row{cmd0::ifm_zero_point, {"IFM_ZERO_POINT", 0xFFFF, signed_number}},
    Row{cmd0::ifm_width0_m1, {"IFM_WIDTH0_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm_height0_m1, {"IFM_HEIGHT0_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm_height1_m1, {"IFM_HEIGHT1_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm_ib_end, {"IFM_IB_END", 0xFF}},
    Row{cmd0::ifm_region, {"IFM_REGION", 0x7}},
    Row{cmd0::ofm_width_m1, {"OFM_WIDTH_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_height_m1, {"OFM_HEIGHT_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_depth_m1, {"OFM_DEPTH_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_precision, {"OFM_PRECISION", 0xC1C7, bits}},
    Row{cmd0::ofm_blk_width_m1, {"OFM_BLK_WIDTH_M1", 0x3F, less_one}},
    Row{cmd0::ofm_blk_height_m1, {"OFM_BLK_HEIGHT_M1", 0x1F, less_one}},
    Row{cmd0::ofm_blk_depth_m1, {"OFM_BLK_DEPTH_M1", 0x7F, less_one}},
    Row{cmd0::ofm_zero_point, {"OFM_ZERO_POINT", 0xFFFF, signed_number}},
    Row{cmd0::ofm_width0_m1, {"OFM_WIDTH0_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_height0_m1, {"OFM_HEIGHT0_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_height1_m1, {"OFM_HEIGHT1_M1", 0xFFFF, less_one}},
    Row{cmd0::ofm_region, {"OFM_REGION", 0x7}},
    Row{cmd0::kernel_width_m1, {"KERNEL_WIDTH_M1", 0xFFFF, less_one}},
    Row{cmd0::kernel_height_m1, {"KERNEL_HEIGHT_M1", 0xFFFF, less_one}},
    Row{cmd0::kernel_stride, {"KERNEL_STRIDE", 0x27F, bits}},
    Row{cmd0::parallel_mode, {"PARALLEL_MODE", 0x1, number, true}},
    Row{cmd0::acc_format, {"ACC_FORMAT", 0x3}},
    Row{cmd0::activation, {"ACTIVATION", 0x701F, bits}},
    Row{cmd0::activation_min, {"ACTIVATION_MIN", 0xFFFF, signed_number}},
    Row{cmd0::activation_max, {"ACTIVATION_MAX", 0xFFFF, signed_number}},
    Row{cmd0::weight_region, {"WEIGHT_REGION", 0x7}},
    Row{cmd0::scale_region, {"SCALE_REGION", 0x7}},
    Row{cmd0::ab_start, {"AB_START", 0xFF}},
    Row{cmd0::blockdep, {"BLOCKDEP", 0x3}},
    Row{cmd0::dma0_src_region, {"DMA0_SRC_REGION", 0x707, bits}},
    Row{cmd0::dma0_dst_region, {"DMA0_DST_REGION", 0x707, bits}},
    Row{cmd0::dma0_size0, {"DMA0_SIZE0", 0xFFFF}},
    Row{cmd0::dma0_size1, {"DMA0_SIZE1", 0xFFFF}},
    Row{cmd0::ifm2_broadcast, {"IFM2_BROADCAST", 0xC7, bits}},
    Row{cmd0::ifm2_scalar, {"IFM2_SCALAR", 0xFFFF, signed_number}},
    Row{cmd0::ifm2_precision, {"IFM2_PRECISION", 0xCD, bits}},
    Row{cmd0::ifm2_zero_point, {"IFM2_ZERO_POINT", 0xFFFF, signed_number}},
    Row{cmd0::ifm2_width0_m1, {"IFM2_WIDTH0_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm2_height0_m1, {"IFM2_HEIGHT0_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm2_height1_m1, {"IFM2_HEIGHT1_M1", 0xFFFF, less_one}},
    Row{cmd0::ifm2_ib_start, {"IFM2_IB_START", 0xFF}},
    Row{cmd0::ifm2_region, {"IFM2_REGION", 0x7}},
};

constexpr std::array cmd1_rows{
    Row{0x000, {"IFM_BASE0", 0xFF, address}},
    Row{0x001, {"IFM_BASE1", 0xFF, address}},
    Row{0x002, {"IFM_BASE2", 0xFF, address}},
    Row{0x003, {"IFM_BASE3", 0xFF, address}},
    Row{cmd1::ifm_stride_x, {"IFM_STRIDE_X", 0xFF, address}},
    Row{cmd1::ifm_stride_y, {"IFM_STRIDE_Y", 0xFF, address}},
    Row{cmd1::ifm_stride_c, {"IFM_STRIDE_C", 0xFF, address}},
    Row{0x010, {"OFM_BASE0", 0xFF, address}},
    Row{0x011, {"OFM_BASE1", 0xFF, address}},
    Row{0x012, {"OFM_BASE2", 0xFF, address}},
    Row{0x013, {"OFM_BASE3", 0xFF, address}},
    Row{cmd1::ofm_stride_x, {"OFM_STRIDE_X", 0xFF, address}},
    Row{cmd1::ofm_stride_y, {"OFM_STRIDE_Y", 0xFF, address}},
    Row{cmd1::ofm_stride_c, {"OFM_STRIDE_C", 0xFF, address}},
    Row{cmd1::weight_base, {"WEIGHT_BASE", 0xFF, address}},
    Row{cmd1::weight_length, {"WEIGHT_LENGTH", 0, length}},
    Row{cmd1::scale_base, {"SCALE_BASE", 0xFF, address}},
    Row{cmd1::scale_length, {"SCALE_LENGTH", 0, length}},
    Row{cmd1::ofm_scale, {"OFM_SCALE", 0x3F, scale}},
    Row{cmd1::opa_scale, {"OPA_SCALE", 0x3F, scale}},
    Row{cmd1::opb_scale, {"OPB_SCALE", 0x3F, scale}},
    Row{cmd1::dma0_src, {"DMA0_SRC", 0xFF, address}},
    Row{cmd1::dma0_dst, {"DMA0_DST", 0xFF, address}},
    Row{cmd1::dma0_len, {"DMA0_LEN", 0xFF, address}},
    Row{cmd1::dma0_skip0, {"DMA0_SKIP0", 0xFF, address}},
    Row{cmd1::dma0_skip1, {"DMA0_SKIP1", 0xFF, address}},
    Row{0x080, {"IFM2_BASE0", 0xFF, address}},
    Row{0x081, {"IFM2_BASE1", 0xFF, address}},
    Row{0x082, {"IFM2_BASE2", 0xFF, address}},
    Row{0x083, {"IFM2_BASE3", 0xFF, address}},
    Row{cmd1::ifm2_stride_x, {"IFM2_STRIDE_X", 0xFF, address}},
    Row{cmd1::ifm2_stride_y, {"IFM2_STRIDE_Y", 0xFF, address}},
    Row{cmd1::ifm2_stride_c, {"IFM2_STRIDE_C", 0xFF, address}},
    Row{cmd1::weight1_base, {"WEIGHT1_BASE", 0xFF, address, true}},
    Row{cmd1::weight1_length, {"WEIGHT1_LENGTH", 0, length, true}},
    Row{cmd1::scale1_base, {"SCALE1_BASE", 0xFF, address, true}},
    Row{cmd1::scale1_length, {"SCALE1_LENGTH", 0, length, true}},
};

template <std::size_t count>
constexpr std::array<OpcodeInfo, table_size> by_opcode(const std::array<Row, count>& rows) {
    std::array<OpcodeInfo, table_size> table{};
    for (const Row& row : rows) table[row.opcode] = row.info;
    return table;
}

constexpr std::array<OpcodeInfo, table_size> cmd0_table = by_opcode(cmd0_rows);
constexpr std::array<OpcodeInfo, table_size> cmd1_table = by_opcode(cmd1_rows);

}  // namespace

const OpcodeInfo* find_opcode(bool has_payload, std::uint16_t opcode) {
    if (opcode >= table_size) return nullptr;
    const OpcodeInfo& info = has_payload ? cmd1_table[opcode] : cmd0_table[opcode];
    return info.name.empty() ? nullptr : &info;
}

OpcodeNumber find_opcode(std::string_view name) {
    for (const Row& row : cmd0_rows) {
        if (row.info.name == name) return {false, row.opcode, find_opcode(false, row.opcode)};
    }
    for (const Row& row : cmd1_rows) {
        if (row.info.name == name) return {true, row.opcode, find_opcode(true, row.opcode)};
    }
    return {};
}

std::vector<std::string_view> opcode_names() {
    std::vector<std::string_view> names;
    names.reserve(cmd0_rows.size() + cmd1_rows.size());
    for (const Row& row : cmd0_rows) names.push_back(row.info.name);
    for (const Row& row : cmd1_rows) names.push_back(row.info.name);
    return names;
}

}  // namespace u65sim::stream
