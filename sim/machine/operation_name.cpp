#include "machine/operation_name.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include <fmt/format.h>

namespace u65sim::machine {

namespace {

constexpr std::array<std::string_view, 3> pool_names{"MAX", "AVERAGE", "REDUCE_SUM"};
constexpr std::array<std::string_view, 10> elementwise_names{"MUL",   "ADD", "SUB", "MIN", "MAX",
                                                             "LRELU", "ABS", "CLZ", "SHR", "SHL"};

}  // namespace

std::string operation_name(const stream::KernelOp& op) {
    switch (op.kind) {
        case stream::KernelKind::conv:
            return "CONV";
        case stream::KernelKind::depthwise:
            return "DEPTHWISE";
        case stream::KernelKind::pool:
            return fmt::format("POOL {}", pool_names.at(static_cast<std::size_t>(op.pool_mode)));
        case stream::KernelKind::elementwise:
            break;
    }
    return fmt::format("ELEMENTWISE {}",
                       elementwise_names.at(static_cast<std::size_t>(op.elementwise_mode)));
}

std::string operation_name(const stream::Action& action) {
    if (const auto* kernel = std::get_if<stream::KernelOp>(&action)) return operation_name(*kernel);
    if (std::holds_alternative<stream::DmaOp>(action)) return "DMA";
    if (std::holds_alternative<stream::KernelWait>(action)) return "KERNEL_WAIT";
    if (std::holds_alternative<stream::DmaWait>(action)) return "DMA_WAIT";
    if (std::holds_alternative<stream::Stop>(action)) return "STOP";
    if (std::holds_alternative<stream::Irq>(action)) return "IRQ";
    return "PMU_MASK";
}

}  // namespace u65sim::machine
