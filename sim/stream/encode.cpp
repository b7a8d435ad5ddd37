#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "stream/check.hpp"
#include "stream/register_file.hpp"
#include "stream/word_counter.hpp"

namespace u65sim::stream {
namespace {

class Encoder {
public:
    explicit Encoder(const Accelerator& accelerator)
        : accelerator_(accelerator), architecture_(architecture(accelerator)) {}

    std::vector<std::uint32_t> run(const std::vector<Action>& actions) {
        write_parallel_mode(actions);
        std::size_t waiting = 0;  // first of the waits that have not been written yet
        for (index_ = 0; index_ < actions.size(); ++index_) {
            const Action& action = actions[index_];
            if (std::holds_alternative<KernelWait>(action) ||
                std::holds_alternative<DmaWait>(action)) {
                continue;
            }
            // An operation's registers stand before the waits it needs.
            if (const auto* kernel = std::get_if<KernelOp>(&action)) {
                check(problem_of(*kernel, accelerator_, architecture_));
                write(*kernel);
            }
            if (const auto* dma = std::get_if<DmaOp>(&action)) {
                check(problem_of(*dma, accelerator_, architecture_));
                write(*dma);
            }
            for (; waiting < index_; ++waiting) operate(actions[waiting]);
            operate(action);
            waiting = index_ + 1;
        }
        for (; waiting < actions.size(); ++waiting) operate(actions[waiting]);
        return std::move(words_);
    }

    /// Words of a kernel that is not checked, behind those before.
    std::size_t count(const KernelOp& op) {
        words_.clear();
        write(op);
        return words_.size() + 1;
    }

private:
    [[noreturn]] void fail(const std::string& message) const {
        throw InvalidStream(fmt::format("action {}: {}", index_, message));
    }

    void set(std::uint16_t opcode, std::int64_t value) {
        Instruction instruction;
        instruction.opcode = opcode;
        instruction.parameter = static_cast<std::uint16_t>(value);
        if (registers_.write(instruction)) append(words_, instruction);
    }
    void set_wide(std::uint16_t opcode, std::uint64_t value) {
        Instruction instruction;
        instruction.opcode = opcode;
        instruction.has_payload = true;
        instruction.parameter = static_cast<std::uint16_t>(value >> 32);
        instruction.payload = static_cast<std::uint32_t>(value);
        if (registers_.write(instruction)) append(words_, instruction);
    }
    void set_scale(std::uint16_t opcode, const Scale& scale) {
        set_wide(opcode, static_cast<std::uint64_t>(scale.shift) << 32 | scale.multiplier);
    }
    void emit(std::uint16_t opcode, int parameter, int low_mask) {
        if ((parameter & ~low_mask) != 0) {
            fail(fmt::format("{} {}: must fit the bits {:#x}", find_opcode(false, opcode)->name,
                             parameter, low_mask));
        }
        Instruction instruction;
        instruction.opcode = opcode;
        instruction.parameter = static_cast<std::uint16_t>(parameter);
        append(words_, instruction);
    }

    void write_parallel_mode(const std::vector<Action>& actions) {
        if (accelerator_.product != Product::u65) return;
        for (const Action& action : actions) {
            if (const auto* kernel = std::get_if<KernelOp>(&action)) {
                set(cmd0::parallel_mode, kernel->parallel_mode & 1);
                return;
            }
        }
        set(cmd0::parallel_mode, accelerator_.cores - 1);
    }

    void write_place(const FeatureMap& map, const MapRegisters& registers) {
        set(registers.region, map.region);
        for (std::uint16_t tile = 0; tile < 4; ++tile) {
            set_wide(static_cast<std::uint16_t>(registers.base0 + tile), map.base[tile]);
        }
        set(registers.height0, map.height0 - 1);
        set(registers.height1, map.height1 - 1);
        set(registers.width0, map.width0 - 1);
    }
    void write_strides(const FeatureMap& map, const MapRegisters& registers) {
        constexpr std::uint64_t address_bits = (std::uint64_t{1} << 40) - 1;
        set_wide(registers.stride_c, static_cast<std::uint64_t>(map.stride_c) & address_bits);
        set_wide(registers.stride_y, static_cast<std::uint64_t>(map.stride_y) & address_bits);
        set_wide(registers.stride_x, static_cast<std::uint64_t>(map.stride_x) & address_bits);
    }
    static int precision(const FeatureMap& map, int width_shift) {
        const int type = static_cast<int>(map.type);
        return (type & 1) | type >> 1 << width_shift | (map.layout == Layout::nhcwb16 ? 1 << 6 : 0);
    }

    void write_scales(const KernelOp& op) {
        if (reads_operand_scales(op)) {
            set_scale(cmd1::opa_scale, op.opa_scale);
            set_scale(cmd1::opb_scale, op.opb_scale);
        }
        if (op.kind == KernelKind::elementwise) set_scale(cmd1::ofm_scale, op.ofm_scale);
    }
    void write_input(const KernelOp& op) {
        write_place(op.ifm, ifm_registers);
        set(cmd0::ifm_depth_m1, op.ifm.depth - 1);
        write_strides(op.ifm, ifm_registers);
        set(cmd0::ifm_zero_point, op.ifm.zero_point);
        set(cmd0::ifm_precision, precision(op.ifm, 2) | static_cast<int>(op.operand_scaling) << 8);
        set(cmd0::ifm_upscale, static_cast<int>(op.upscale));
        if (op.kind == KernelKind::elementwise) return;
        set(cmd0::ifm_pad_top, op.pad.top);
        set(cmd0::ifm_pad_left, op.pad.left);
        set(cmd0::ifm_pad_bottom, op.pad.bottom);
        set(cmd0::ifm_pad_right, op.pad.right);
    }
    void write_output(const KernelOp& op) {
        write_place(op.ofm, ofm_registers);
        set(cmd0::ofm_height_m1, op.ofm.height - 1);
        set(cmd0::ofm_width_m1, op.ofm.width - 1);
        set(cmd0::ofm_depth_m1, op.ofm.depth - 1);
        write_strides(op.ofm, ofm_registers);
        set(cmd0::ofm_zero_point, op.ofm.zero_point);
        set(cmd0::ofm_precision, precision(op.ofm, 1) | (op.global_scale ? 1 << 8 : 0) |
                                     static_cast<int>(op.rounding) << 14);
    }
    void write_window(const KernelOp& op) {
        const Kernel& kernel = op.kernel;
        set(cmd0::kernel_height_m1, kernel.dilated_height() - 1);
        set(cmd0::kernel_width_m1, kernel.dilated_width() - 1);
        const int x = kernel.stride_x - 1;
        const int y = kernel.stride_y - 1;
        set(cmd0::kernel_stride, (x & 1) | (y & 1) << 1 | (kernel.part_kernel_first ? 1 << 2 : 0) |
                                     (kernel.dilation_x - 1) << 3 | (kernel.dilation_y - 1) << 4 |
                                     (kernel.decompose_4x4 ? 1 << 5 : 0) | x >> 1 << 6 |
                                     y >> 1 << 9);
    }
    void write_weights(const KernelOp& op) {
        set(cmd0::weight_region, op.weight_region);
        set_wide(cmd1::weight_base, op.weights[0].base);
        set_wide(cmd1::weight_length, op.weights[0].length);
        if (op.parallel_mode == 1) {
            set_wide(cmd1::weight1_base, op.weights[1].base);
            set_wide(cmd1::weight1_length, op.weights[1].length);
        }
        set(cmd0::scale_region, op.scale_region);
        set_wide(cmd1::scale_base, op.scales[0].base);
        set_wide(cmd1::scale_length, op.scales[0].length);
        if (op.parallel_mode == 1) {
            set_wide(cmd1::scale1_base, op.scales[1].base);
            set_wide(cmd1::scale1_length, op.scales[1].length);
        }
    }
    void write_block(const KernelOp& op) {
        set(cmd0::activation, op.activation.function | op.activation.clip_range << 12);
        set(cmd0::activation_min, op.activation.min);
        set(cmd0::activation_max, op.activation.max);
        set(cmd0::ofm_blk_height_m1, op.block.height - 1);
        set(cmd0::ofm_blk_width_m1, op.block.width - 1);
        set(cmd0::ofm_blk_depth_m1, op.block.depth - 1);
        set(cmd0::ifm_ib_end, op.ib_end);
        set(cmd0::ab_start, op.ab_start);
        if (op.is_binary() && !op.broadcast.scalar) set(cmd0::ifm2_ib_start, op.ifm2_ib_start);
        set(cmd0::acc_format, static_cast<int>(op.acc_format));
    }
    void write_second_input(const KernelOp& op) {
        const Broadcast& broadcast = op.broadcast;
        if (!broadcast.scalar) {
            write_place(op.ifm2, ifm2_registers);
            write_strides(op.ifm2, ifm2_registers);
        }
        set(cmd0::ifm2_zero_point, op.ifm2.zero_point);
        set(cmd0::ifm2_precision, precision(op.ifm2, 2));
        set(cmd0::ifm2_broadcast, (broadcast.height ? 1 : 0) | (broadcast.width ? 1 << 1 : 0) |
                                      (broadcast.depth ? 1 << 2 : 0) |
                                      (broadcast.swap_operands ? 1 << 6 : 0) |
                                      (broadcast.scalar ? 1 << 7 : 0));
        if (broadcast.scalar) set(cmd0::ifm2_scalar, op.ifm2_scalar);
    }

    void write(const KernelOp& op) {
        if (accelerator_.product == Product::u65) set(cmd0::parallel_mode, op.parallel_mode);
        write_scales(op);
        write_input(op);
        write_output(op);
        if (op.kind != KernelKind::elementwise) write_window(op);
        if (op.has_weights()) write_weights(op);
        write_block(op);
        if (op.is_binary()) write_second_input(op);
        if (op.kind != KernelKind::elementwise && op.global_scale) {
            set_scale(cmd1::ofm_scale, op.ofm_scale);
        }
        set(cmd0::blockdep, op.blockdep);
    }

    void write(const DmaOp& op) {
        const auto region = [&](const DmaEnd& end) {
            const int mode = end.packed ? 0 : op.stride_mode;
            return end.region | (end.internal ? 1 << 8 : 0) | mode << 9;
        };
        set(cmd0::dma0_src_region, region(op.source));
        set_wide(cmd1::dma0_src, op.source.address);
        set(cmd0::dma0_dst_region, region(op.destination));
        set_wide(cmd1::dma0_dst, op.destination.address);
        set_wide(cmd1::dma0_len, op.length);
        if (op.stride_mode > 0) {
            set(cmd0::dma0_size0, op.size0);
            set_wide(cmd1::dma0_skip0, static_cast<std::uint64_t>(op.skip0));
        }
        if (op.stride_mode > 1) {
            set(cmd0::dma0_size1, op.size1);
            set_wide(cmd1::dma0_skip1, static_cast<std::uint64_t>(op.skip1));
        }
    }

    /// The NPU_OP word itself.
    void operate(const Action& action) {
        if (const auto* op = std::get_if<KernelOp>(&action)) {
            switch (op->kind) {
                case KernelKind::conv:
                    emit(cmd0::conv, 0, 0);
                    break;
                case KernelKind::depthwise:
                    emit(cmd0::depthwise, 0, 0);
                    break;
                case KernelKind::pool:
                    emit(cmd0::pool, static_cast<int>(op->pool_mode), 7);
                    break;
                case KernelKind::elementwise:
                    emit(cmd0::elementwise, static_cast<int>(op->elementwise_mode), 0x3F);
                    break;
            }
        } else if (std::holds_alternative<DmaOp>(action)) {
            emit(cmd0::dma_start, 0, 0);
        } else if (const auto* kernels = std::get_if<KernelWait>(&action)) {
            emit(cmd0::kernel_wait, kernels->outstanding, 0x3);
        } else if (const auto* dmas = std::get_if<DmaWait>(&action)) {
            emit(cmd0::dma_wait, dmas->outstanding, 0xF);
        } else if (const auto* end = std::get_if<Stop>(&action)) {
            emit(cmd0::stop, end->mask, 0xFFFF);
        } else if (const auto* irq = std::get_if<Irq>(&action)) {
            emit(cmd0::irq, irq->mask, 0xFFFF);
        } else {
            emit(cmd0::pmu_mask, std::get<PmuMask>(action).enable ? 1 : 0, 1);
        }
    }

    void check(const std::string& problem) const {
        if (!problem.empty()) fail(problem);
    }

    const Accelerator& accelerator_;
    Architecture architecture_;
    RegisterFile registers_;
    std::vector<std::uint32_t> words_;
    std::size_t index_ = 0;
};

}  // namespace

std::vector<std::uint32_t> encode(const std::vector<Action>& actions,
                                  const Accelerator& accelerator) {
    return Encoder(accelerator).run(actions);
}

struct WordCounter::Registers {
    Encoder encoder;
};

WordCounter::WordCounter(const Accelerator& accelerator)
    : registers_(new Registers{Encoder{accelerator}}) {}
WordCounter::~WordCounter() = default;

std::int32_t WordCounter::add(const KernelOp& op) {
    return static_cast<std::int32_t>(registers_->encoder.count(op));
}

}  // namespace u65sim::stream
