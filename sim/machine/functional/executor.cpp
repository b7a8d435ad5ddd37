#include "machine/functional/executor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/units.hpp>

#include "machine/functional/kernels.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::DmaOp;
using stream::KernelKind;
using stream::KernelOp;

constexpr std::array<std::string_view, 3> pool_names{"MAX", "AVERAGE", "REDUCE_SUM"};
constexpr std::array<std::string_view, 10> elementwise_names{"MUL",   "ADD", "SUB", "MIN", "MAX",
                                                             "LRELU", "ABS", "CLZ", "SHR", "SHL"};

/// Product that stays at the top instead of overflowing.
std::int64_t saturating_product(std::initializer_list<std::int64_t> factors) {
    std::int64_t product = 1;
    for (const std::int64_t factor : factors) {
        if (__builtin_mul_overflow(product, std::max<std::int64_t>(factor, 0), &product)) {
            return std::numeric_limits<std::int64_t>::max();
        }
    }
    return product;
}

std::int64_t input_elements(const KernelOp& op) {
    return saturating_product(
        {std::int64_t{op.ofm.height - 1} * op.kernel.stride_y + op.kernel.dilated_height(),
         std::int64_t{op.ofm.width - 1} * op.kernel.stride_x + op.kernel.dilated_width(),
         (std::int64_t{op.ifm.depth} + 15) / 16 * 16});
}

std::string name_of(const KernelOp& op) {
    switch (op.kind) {
        case KernelKind::conv:
            return "CONV";
        case KernelKind::depthwise:
            return "DEPTHWISE";
        case KernelKind::pool:
            return fmt::format("POOL {}", pool_names.at(static_cast<std::size_t>(op.pool_mode)));
        case KernelKind::elementwise:
            break;
    }
    return fmt::format("ELEMENTWISE {}",
                       elementwise_names.at(static_cast<std::size_t>(op.elementwise_mode)));
}

}  // namespace

std::string operation_name(const stream::Action& action) {
    if (const auto* kernel = std::get_if<KernelOp>(&action)) return name_of(*kernel);
    if (std::holds_alternative<DmaOp>(action)) return "DMA";
    if (std::holds_alternative<stream::KernelWait>(action)) return "KERNEL_WAIT";
    if (std::holds_alternative<stream::DmaWait>(action)) return "DMA_WAIT";
    if (std::holds_alternative<stream::Stop>(action)) return "STOP";
    if (std::holds_alternative<stream::Irq>(action)) return "IRQ";
    return "PMU_MASK";
}

Executor::Executor(const Accelerator& accelerator, Limits limits)
    : arch_(architecture(accelerator)), limits_(limits) {
    memory_.resize(shram_region, static_cast<std::uint64_t>(arch_.shram_banks) * 1024);
}

void Executor::run(const std::vector<stream::Command>& commands) {
    for (std::size_t i = 0; i < commands.size(); ++i) {
        run(commands[i], static_cast<std::uint32_t>(i));
        if (std::holds_alternative<stream::Stop>(commands[i].action)) return;
    }
}

void Executor::run(const stream::Command& command, std::uint32_t index) {
    memory_.set_place({index, command.word_index, operation_name(command.action)});
    if (const auto* kernel = std::get_if<KernelOp>(&command.action)) run_kernel(*kernel);
    if (const auto* dma = std::get_if<DmaOp>(&command.action)) run_dma(*dma);
}

void Executor::require_within_limits(const KernelOp& op) {
    const auto require = [&](std::int64_t value, std::int64_t limit, const char* what) {
        if (value <= limit) return;
        throw InvalidStream(fmt::format("{}: {} {}: functional execution takes at most {}",
                                        memory_.place().text(), value, what, limit));
    };
    const std::int64_t outputs = saturating_product({op.ofm.height, op.ofm.width, op.ofm.depth});
    require(outputs, limits_.elements, "output elements");
    std::int64_t work = outputs;
    if (op.kind != KernelKind::elementwise) {
        require(input_elements(op), limits_.elements, "input elements");
        const bool over_depth =
            op.kind == KernelKind::conv ||
            (op.kind == KernelKind::pool && op.pool_mode == stream::PoolMode::reduce_sum);
        const std::int64_t filter =
            saturating_product({op.kernel.height, op.kernel.width, over_depth ? op.ifm.depth : 1});
        if (op.has_weights()) {
            require(saturating_product({filter, op.ofm.depth}), limits_.elements, "weights");
        }
        work = saturating_product({outputs, filter});
    }
    const std::int64_t left = limits_.operations - operations_done_;
    require(work, left, "further operations");
    operations_done_ += work;
}

void Executor::run_kernel(const KernelOp& op) {
    require_within_limits(op);
    KernelContext context{arch_, memory_};
    switch (op.kind) {
        case KernelKind::conv:
            return run_convolution(op, context);
        case KernelKind::depthwise:
            return run_depthwise(op, context);
        case KernelKind::pool:
            return run_pool(op, context);
        case KernelKind::elementwise:
            return run_elementwise(op, context);
    }
}

void Executor::run_dma(const DmaOp& op) {
    const std::int64_t inner = op.stride_mode > 0 ? op.size0 : 1;
    const std::int64_t outer = op.stride_mode > 1 ? op.size1 : 1;
    const std::int64_t bytes = saturating_product({op.length > (std::uint64_t{1} << 40)
                                                       ? (std::int64_t{1} << 40)
                                                       : static_cast<std::int64_t>(op.length),
                                                   inner, outer});
    if (bytes > limits_.dma_bytes - dma_bytes_done_) {
        throw InvalidStream(
            fmt::format("{}: {} bytes after {}: functional execution copies at most {}",
                        memory_.place().text(), bytes, dma_bytes_done_, limits_.dma_bytes));
    }
    dma_bytes_done_ += bytes;
    const auto region = [](const stream::DmaEnd& end) {
        return end.internal ? shram_region : end.region;
    };
    // Both ends carry the stride mode, so the skips move both (assumed; Vela's copies are 1D).
    std::uint64_t from = op.source.address;
    std::uint64_t to = op.destination.address;
    for (std::int64_t j = 0; j < outer; ++j) {
        for (std::int64_t i = 0; i < inner; ++i) {
            const std::uint8_t* source = memory_.read(region(op.source), from, op.length);
            std::uint8_t* destination = memory_.write(region(op.destination), to, op.length);
            std::memmove(destination, source, op.length);
            const std::uint64_t step =
                op.length + (op.stride_mode > 0 ? static_cast<std::uint64_t>(op.skip0) : 0);
            from += step;
            to += step;
        }
        const std::uint64_t step = op.stride_mode > 1 ? static_cast<std::uint64_t>(op.skip1) : 0;
        from += step;
        to += step;
    }
}

}  // namespace u65sim::machine::functional
