#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "stream/check.hpp"
#include "stream/register_file.hpp"

namespace u65sim::stream {
namespace {

DataType type_of(bool is_signed, int width) {
    return static_cast<DataType>(width * 2 + (is_signed ? 1 : 0));
}

class Decoder {
public:
    Decoder(const std::vector<std::uint32_t>& words, const Accelerator& accelerator)
        : words_(words), accelerator_(accelerator), architecture_(architecture(accelerator)) {}

    std::vector<Command> run() {
        std::vector<Command> commands;
        commands.reserve(words_.size() / 16 + 1);
        std::size_t begin = 0;
        for (std::size_t index = 0; index < words_.size();) {
            at_ = instruction_at(words_, index);
            check_product();
            index += at_.has_payload ? 2 : 1;
            if (at_.has_payload || at_.opcode >= cmd0::ifm_pad_top) {
                registers_.write(at_);
                continue;
            }
            commands.push_back(
                {at_.word_index, static_cast<std::uint32_t>(index - begin), action()});
            begin = index;
            if (at_.opcode == cmd0::stop && index < words_.size()) {
                fail("STOP must be the last command");
            }
        }
        if (begin < words_.size()) {
            at_.word_index = static_cast<std::uint32_t>(begin);
            fail("registers are written, but no operation follows");
        }
        return commands;
    }

private:
    [[noreturn]] void fail(const std::string& message) const {
        throw InvalidStream(fmt::format("word {}: {}", at_.word_index, message));
    }

    void check_product() const {
        const OpcodeInfo* info = find_opcode(at_.has_payload, at_.opcode);
        if (info->u65_only && accelerator_.product != Product::u65) {
            fail(fmt::format("{} must not be written on {}", info->name,
                             accelerator_name(accelerator_)));
        }
    }

    [[nodiscard]] std::uint64_t value(bool has_payload, std::uint16_t opcode) const {
        if (!registers_.is_written(has_payload, opcode)) {
            fail(fmt::format("{} needs {}, which must be written before",
                             find_opcode(false, at_.opcode)->name,
                             find_opcode(has_payload, opcode)->name));
        }
        return registers_.value(has_payload, opcode);
    }
    [[nodiscard]] int number(std::uint16_t opcode) const {
        return static_cast<int>(value(false, opcode));
    }
    [[nodiscard]] int more_one(std::uint16_t opcode) const { return number(opcode) + 1; }
    [[nodiscard]] std::int32_t signed_number(std::uint16_t opcode) const {
        return static_cast<std::int16_t>(number(opcode));
    }
    [[nodiscard]] std::uint64_t address(std::uint16_t opcode) const { return value(true, opcode); }
    /// Addresses have 40 bits and wrap: a stride of their upper half goes backwards.
    [[nodiscard]] std::int64_t stride(std::uint16_t opcode) const {
        constexpr int unused_bits = 64 - 40;
        return static_cast<std::int64_t>(address(opcode) << unused_bits) >> unused_bits;
    }
    [[nodiscard]] std::uint32_t payload(std::uint16_t opcode) const {
        return static_cast<std::uint32_t>(value(true, opcode));
    }
    [[nodiscard]] Scale scale(std::uint16_t opcode) const {
        return {payload(opcode), static_cast<int>(value(true, opcode) >> 32)};
    }

    Action action() const {
        const int parameter = at_.parameter;
        switch (at_.opcode) {
            case cmd0::stop:
                return Stop{parameter};
            case cmd0::irq:
                return Irq{parameter};
            case cmd0::dma_wait:
                return DmaWait{parameter};
            case cmd0::kernel_wait:
                return KernelWait{parameter};
            case cmd0::pmu_mask:
                return PmuMask{parameter != 0};
            case cmd0::dma_start:
                return dma();
            default:
                return kernel();
        }
    }

    /// Everything but extents, which differ for the three maps. Width bits stand at 2 in input
    /// precisions and at 1 in the output's.
    void read_type(FeatureMap& map, const MapRegisters& registers, int width_shift) const {
        const int precision = number(registers.precision);
        const int width = precision >> width_shift & 3;
        const int layout = precision >> 6 & 3;
        if (width > 2) fail(fmt::format("precision {:#x}: must be of 8, 16 or 32 bit", precision));
        if (layout > 1) fail(fmt::format("precision {:#x}: must be NHWC or NHCWB16", precision));
        map.type = type_of((precision & 1) != 0, width);
        map.layout = layout == 1 ? Layout::nhcwb16 : Layout::nhwc;
        map.zero_point = is_signed(map.type) ? signed_number(registers.zero_point)
                                             : number(registers.zero_point);
    }

    void read_place(FeatureMap& map, const MapRegisters& registers) const {
        map.region = number(registers.region);
        for (std::uint16_t tile = 0; tile < 4; ++tile) {
            map.base[tile] = address(static_cast<std::uint16_t>(registers.base0 + tile));
        }
        map.height0 = more_one(registers.height0);
        map.height1 = more_one(registers.height1);
        map.width0 = more_one(registers.width0);
        map.stride_c = stride(registers.stride_c);
        map.stride_y = stride(registers.stride_y);
        map.stride_x = stride(registers.stride_x);
    }

    void read_kind(KernelOp& op) const {
        switch (at_.opcode) {
            case cmd0::conv:
                op.kind = KernelKind::conv;
                break;
            case cmd0::depthwise:
                op.kind = KernelKind::depthwise;
                break;
            case cmd0::pool:
                if (at_.parameter > static_cast<int>(PoolMode::reduce_sum)) {
                    fail(fmt::format("POOL {}: must be 0 to 2", at_.parameter));
                }
                op.kind = KernelKind::pool;
                op.pool_mode = static_cast<PoolMode>(at_.parameter);
                break;
            default:
                if (at_.parameter > static_cast<int>(ElementwiseMode::shl)) {
                    fail(fmt::format("ELEMENTWISE {}: must be 0 to 9", at_.parameter));
                }
                op.kind = KernelKind::elementwise;
                op.elementwise_mode = static_cast<ElementwiseMode>(at_.parameter);
                break;
        }
    }

    void read_input(KernelOp& op) const {
        read_place(op.ifm, ifm_registers);
        read_type(op.ifm, ifm_registers, 2);
        op.ifm.depth = more_one(cmd0::ifm_depth_m1);
        const int precision = number(cmd0::ifm_precision);
        // Bits 15:14 repeat the output's rounding in streams of Vela 5.2; nothing is rounded here.
        const int scaling = precision >> 8 & 3;
        if (scaling > 2)
            fail(fmt::format("IFM_PRECISION {:#x}: scaling must be 0 to 2", precision));
        op.operand_scaling = static_cast<OperandScaling>(scaling);
        const int upscale = number(cmd0::ifm_upscale);
        if (upscale > 2) fail(fmt::format("IFM_UPSCALE {}: must be 0 to 2", upscale));
        op.upscale = static_cast<Upscale>(upscale);
    }

    void read_output(KernelOp& op) const {
        read_place(op.ofm, ofm_registers);
        read_type(op.ofm, ofm_registers, 1);
        op.ofm.height = more_one(cmd0::ofm_height_m1);
        op.ofm.width = more_one(cmd0::ofm_width_m1);
        op.ofm.depth = more_one(cmd0::ofm_depth_m1);
        const int precision = number(cmd0::ofm_precision);
        op.global_scale = (precision >> 8 & 1) != 0;
        if (precision >> 14 > 2) {
            fail(fmt::format("OFM_PRECISION {:#x}: rounding must be 0 to 2", precision));
        }
        op.rounding = static_cast<Rounding>(precision >> 14);
        const int activation = number(cmd0::activation);
        op.activation.function = activation & 0x1F;
        op.activation.clip_range = activation >> 12 & 7;
        op.activation.min = signed_number(cmd0::activation_min);
        op.activation.max = signed_number(cmd0::activation_max);
        if (reads_ofm_scale(op)) op.ofm_scale = scale(cmd1::ofm_scale);
        if (reads_operand_scales(op)) {
            op.opa_scale = scale(cmd1::opa_scale);
            // The 32-bit scalings use one operand's scale alone.
            if (op.operand_scaling == OperandScaling::both16 ||
                registers_.is_written(true, cmd1::opb_scale)) {
                op.opb_scale = scale(cmd1::opb_scale);
            }
        }
    }

    void read_window(KernelOp& op) const {
        op.pad = {number(cmd0::ifm_pad_top), number(cmd0::ifm_pad_left),
                  number(cmd0::ifm_pad_right), number(cmd0::ifm_pad_bottom)};
        Kernel& kernel = op.kernel;
        const int bits = number(cmd0::kernel_stride);
        kernel.stride_x = 1 + ((bits & 1) | (bits >> 6 & 1) << 1);
        kernel.stride_y = 1 + ((bits >> 1 & 1) | (bits >> 9 & 1) << 1);
        kernel.part_kernel_first = (bits >> 2 & 1) != 0;
        kernel.dilation_x = 1 + (bits >> 3 & 1);
        kernel.dilation_y = 1 + (bits >> 4 & 1);
        kernel.decompose_4x4 = (bits >> 5 & 1) != 0;
        const int height = number(cmd0::kernel_height_m1);
        const int width = number(cmd0::kernel_width_m1);
        if (height % kernel.dilation_y != 0 || width % kernel.dilation_x != 0) {
            fail(
                fmt::format("kernel of {}x{} dilated elements: must be one more than a multiple of "
                            "the dilation {}x{}",
                            height + 1, width + 1, kernel.dilation_y, kernel.dilation_x));
        }
        kernel.height = height / kernel.dilation_y + 1;
        kernel.width = width / kernel.dilation_x + 1;
    }

    void read_weights(KernelOp& op) const {
        op.weight_region = number(cmd0::weight_region);
        op.scale_region = number(cmd0::scale_region);
        op.weights[0] = {address(cmd1::weight_base), payload(cmd1::weight_length)};
        op.scales[0] = {address(cmd1::scale_base), payload(cmd1::scale_length)};
        if (op.parallel_mode != 1) return;
        // Vela 5 leaves them out where the second core has no channels, or the bases alone: then
        // they hold zero.
        const auto range = [&](std::uint16_t base, std::uint16_t length) {
            const bool is_empty = !registers_.is_written(true, length) || payload(length) == 0;
            if (is_empty && !registers_.is_written(true, base)) return ByteRange{};
            return ByteRange{address(base), payload(length)};
        };
        op.weights[1] = range(cmd1::weight1_base, cmd1::weight1_length);
        op.scales[1] = range(cmd1::scale1_base, cmd1::scale1_length);
    }

    void read_second_input(KernelOp& op) const {
        read_type(op.ifm2, ifm2_registers, 2);
        const int bits = number(cmd0::ifm2_broadcast);
        op.broadcast = {(bits & 1) != 0, (bits >> 1 & 1) != 0, (bits >> 2 & 1) != 0,
                        (bits >> 6 & 1) != 0, (bits >> 7 & 1) != 0};
        if (op.broadcast.scalar) {
            op.ifm2_scalar = is_signed(op.ifm2.type) ? signed_number(cmd0::ifm2_scalar)
                                                     : number(cmd0::ifm2_scalar);
        } else {
            read_place(op.ifm2, ifm2_registers);
            op.ifm2_ib_start = number(cmd0::ifm2_ib_start);
        }
    }

    KernelOp kernel() const {
        KernelOp op;
        read_kind(op);
        if (accelerator_.product == Product::u65) op.parallel_mode = number(cmd0::parallel_mode);
        read_input(op);
        read_output(op);
        if (op.kind != KernelKind::elementwise) read_window(op);
        if (op.has_weights()) read_weights(op);
        if (op.is_binary()) read_second_input(op);
        op.block = {more_one(cmd0::ofm_blk_height_m1), more_one(cmd0::ofm_blk_width_m1),
                    more_one(cmd0::ofm_blk_depth_m1)};
        op.ib_end = number(cmd0::ifm_ib_end);
        op.ab_start = number(cmd0::ab_start);
        const int format = number(cmd0::acc_format);
        if (format > 2) fail(fmt::format("ACC_FORMAT {}: must be 0 to 2", format));
        op.acc_format = static_cast<AccFormat>(format);
        op.blockdep = number(cmd0::blockdep);
        derive_input_extents(op);
        check(problem_of(op, accelerator_, architecture_));
        return op;
    }

    DmaEnd dma_end(std::uint16_t region, std::uint16_t base) const {
        const int bits = number(region);
        return {bits & 7, (bits >> 8 & 1) != 0, address(base)};
    }

    DmaOp dma() const {
        DmaOp op;
        op.source = dma_end(cmd0::dma0_src_region, cmd1::dma0_src);
        op.destination = dma_end(cmd0::dma0_dst_region, cmd1::dma0_dst);
        op.length = address(cmd1::dma0_len);
        const int from = number(cmd0::dma0_src_region) >> 9;
        const int to = number(cmd0::dma0_dst_region) >> 9;
        if (from != to && from != 0 && to != 0) {
            fail("DMA stride modes of source and destination: must be equal, or one of them zero");
        }
        op.stride_mode = std::max(from, to);
        op.source.packed = from < to;
        op.destination.packed = to < from;
        if (op.stride_mode > 0) {
            op.size0 = number(cmd0::dma0_size0);
            op.skip0 = static_cast<std::int64_t>(address(cmd1::dma0_skip0));
        }
        if (op.stride_mode > 1) {
            op.size1 = number(cmd0::dma0_size1);
            op.skip1 = static_cast<std::int64_t>(address(cmd1::dma0_skip1));
        }
        check(problem_of(op, accelerator_, architecture_));
        return op;
    }

    void check(const std::string& problem) const {
        if (!problem.empty()) fail(problem);
    }

    const std::vector<std::uint32_t>& words_;
    const Accelerator& accelerator_;
    Architecture architecture_;
    RegisterFile registers_;
    Instruction at_;
};

}  // namespace

std::vector<Command> decode(const std::vector<std::uint32_t>& words,
                            const Accelerator& accelerator) {
    return Decoder(words, accelerator).run();
}

}  // namespace u65sim::stream
