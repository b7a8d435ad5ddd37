#include "machine/functional/executor.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/units.hpp>

#include "machine/functional/input_window.hpp"
#include "machine/functional/kernels.hpp"
#include "machine/operation_name.hpp"
#include "timing/traversal.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::DmaOp;
using stream::KernelKind;
using stream::KernelOp;

/// What one of each takes, in multiply-accumulates of 16 bits (a tenth of a nanosecond): measured
/// within a factor of two, so that the limit bounds the time.
namespace cost {
constexpr std::int64_t product = 1, wide_product = 20, pooled = 10;
constexpr std::int64_t input = 16, output = 64, elementwise = 128;
constexpr std::int64_t dma_run = 64;
constexpr std::int64_t watched = 4;  ///< a byte that the checker follows
}  // namespace cost

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

}  // namespace

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

void Executor::require(std::int64_t value, std::int64_t limit, const char* what) const {
    if (value <= limit) return;
    throw InvalidStream(
        fmt::format("{}: {} {}: execution takes at most {} at a work limit of {}, which "
                    "--work-limit (ExecuteOptions::work_limit) raises",
                    memory_.place().text(), value, what, limit, limits_.work));
}

void Executor::charge(std::int64_t work) {
    if (work > limits_.work - work_done_) {
        throw InvalidStream(
            fmt::format("{}: asks for more than {} multiply-accumulates, or what takes as long, in "
                        "all: --work-limit (ExecuteOptions::work_limit) raises this limit",
                        memory_.place().text(), limits_.work));
    }
    work_done_ += work;
}

void Executor::require_within_limits(const KernelOp& op) {
    const std::int64_t outputs = saturating_product({op.ofm.height, op.ofm.width, op.ofm.depth});
    require(outputs, limits_.elements(), "output elements");
    const std::int64_t watched = memory_.is_observed() ? cost::watched : 1;
    if (op.kind == KernelKind::elementwise) {
        charge(saturating_product({outputs, cost::elementwise, watched}));
        return;
    }
    const std::int64_t inputs = input_elements(op);
    require(inputs, limits_.elements(), "input elements");
    const bool over_depth = timing::reduces_depth(op);
    const std::int64_t filter =
        saturating_product({op.kernel.height, op.kernel.width, over_depth ? op.ifm.depth : 1});
    std::int64_t each = fits_16_bits(op.ifm) ? cost::product : cost::wide_product;
    if (op.has_weights()) {
        require(saturating_product({filter, op.ofm.depth}), 2 * limits_.elements(), "weights");
        for (const auto* ranges : {&op.weights, &op.scales}) {
            for (const stream::ByteRange& range : *ranges) charge(range.length * watched);
        }
    } else {
        each = cost::pooled;
    }
    charge(saturating_product({outputs, filter, each}));
    charge(saturating_product({outputs, cost::output, watched}));
    charge(saturating_product({inputs, cost::input, watched}));
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
    const std::int64_t inner = op.inner_runs();
    const std::int64_t outer = op.outer_runs();
    const std::int64_t runs = op.runs();
    const std::int64_t watched = memory_.is_observed() ? cost::watched : 1;
    charge(saturating_product({runs, cost::dma_run}));
    charge(saturating_product({static_cast<std::int64_t>(op.length), runs, watched}));
    const auto region = [](const stream::DmaEnd& end) {
        return end.internal ? shram_region : end.region;
    };
    // The skips move each end that carries the stride mode.
    std::uint64_t from = op.source.address;
    std::uint64_t to = op.destination.address;
    const auto skip = [&](std::int64_t bytes) {
        if (!op.source.packed) from += static_cast<std::uint64_t>(bytes);
        if (!op.destination.packed) to += static_cast<std::uint64_t>(bytes);
    };
    for (std::int64_t j = 0; j < outer; ++j) {
        for (std::int64_t i = 0; i < inner; ++i) {
            const std::uint8_t* source = memory_.read(region(op.source), from, op.length);
            std::uint8_t* destination = memory_.write(region(op.destination), to, op.length);
            std::memmove(destination, source, op.length);
            from += op.length;
            to += op.length;
            if (op.stride_mode > 0) skip(op.skip0);
        }
        if (op.stride_mode > 1) skip(op.skip1);
    }
}

}  // namespace u65sim::machine::functional
