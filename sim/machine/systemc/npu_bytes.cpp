#include "machine/systemc/npu_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include <u65sim/npu_registers.hpp>

#include "machine/functional/footprint.hpp"
#include "timing/box_runs.hpp"

namespace u65sim::machine {

namespace {

/// Calls `each` with region, offset and length of all that a map holds.
template <class Each>
void for_each_map_run(const stream::FeatureMap& map, const Each& each) {
    timing::for_each_box_run(
        map, {0, 0, 0, map.height, map.width, map.depth}, [&](const timing::Runs& runs) {
            for (std::int64_t i = 0; i < runs.count; ++i) {
                each(map.region, runs.address + static_cast<std::uint64_t>(i * runs.stride),
                     static_cast<std::uint64_t>(runs.bytes));
            }
        });
}

template <class Each>
void for_each_copy_run(const stream::DmaOp& op, const stream::DmaEnd& end, const Each& each) {
    if (end.internal) return;
    timing::for_each_dma_run(op, end, [&](const timing::Runs& runs) {
        for (std::int64_t i = 0; i < runs.count; ++i) {
            each(end.region, runs.address + static_cast<std::uint64_t>(i * runs.stride),
                 static_cast<std::uint64_t>(runs.bytes));
        }
    });
}

}  // namespace

void NpuBytes::begin(const std::vector<stream::Command>& commands, const Accelerator& accelerator,
                     const NpuRegisters& registers) {
    executor_ = std::make_unique<functional::Executor>(accelerator);
    commands_ = &commands;
    next_kernel_ = 0;
    pending_count_ = 0;
    ports_ = registers.ports();
    queue_ = registers.address40(NpuRegisterMap::qbase);
    command_of_operation_.clear();
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const stream::Action& action = commands[i].action;
        if (std::holds_alternative<stream::KernelOp>(action) ||
            std::holds_alternative<stream::DmaOp>(action)) {
            command_of_operation_.push_back(i);
        }
    }
    executed_.assign(command_of_operation_.size(), false);
    const auto sizes = functional::footprint(commands);
    for (std::size_t region = 0; region < sizes.size(); ++region) {
        bases_[region] = registers.base(region);
        std::vector<std::uint8_t> bytes(sizes[region]);
        bus_.fetch(ports_.regions[region], bases_[region], bytes.data(), bytes.size());
        pending_[region].assign(bytes.size(), false);
        executor_->memory().assign(static_cast<int>(region), std::move(bytes));
    }
}

std::uint64_t NpuBytes::address(int region, std::uint64_t offset) const {
    return (region == Extent::command_queue ? queue_ : bases_[static_cast<std::size_t>(region)]) +
           offset;
}

/// Bytes from an offset on that are within the image.
std::uint64_t NpuBytes::clip(int region, std::uint64_t offset, std::uint64_t count) const {
    if (region == Extent::command_queue) return 0;
    const std::uint64_t size = pending_[static_cast<std::size_t>(region)].size();
    return offset >= size ? 0 : std::min(count, size - offset);
}

void NpuBytes::mark(int region, std::uint64_t at, bool pending) {
    std::vector<bool>& bits = pending_[static_cast<std::size_t>(region)];
    if (bits[at] == pending) return;
    bits[at] = pending;
    pending_count_ += pending ? 1 : std::uint64_t{0} - 1;
}

/// What the platform has, but for results that are not there yet.
void NpuBytes::bring_in(int region, std::uint64_t offset, const unsigned char* from,
                        std::uint64_t count) {
    count = clip(region, offset, count);
    if (count == 0) return;
    std::uint8_t* image = executor_->memory().bytes(region).data() + offset;
    if (pending_count_ == 0) {
        std::memcpy(image, from, count);
        return;
    }
    const std::vector<bool>& bits = pending_[static_cast<std::size_t>(region)];
    for (std::uint64_t i = 0; i < count; ++i) {
        if (!bits[offset + i]) image[i] = from[i];
    }
}

void NpuBytes::refresh(int region, std::uint64_t offset, std::uint64_t count) {
    count = clip(region, offset, count);
    std::vector<std::uint8_t> bytes(count);
    const std::uint64_t read = bus_.peek(ports_.regions[static_cast<std::size_t>(region)],
                                         address(region, offset), bytes.data(), count);
    bring_in(region, offset, bytes.data(), read);
}

/// What an operation reads, as it is on the platform now.
void NpuBytes::refresh(const stream::Command& command) {
    const auto each = [this](int region, std::uint64_t offset, std::uint64_t count) {
        refresh(region, offset, count);
    };
    if (const auto* copy = std::get_if<stream::DmaOp>(&command.action)) {
        for_each_copy_run(*copy, copy->source, each);
    }
    const auto* op = std::get_if<stream::KernelOp>(&command.action);
    if (op == nullptr) return;
    for_each_map_run(op->ifm, each);
    if (op->is_binary() && !op->broadcast.scalar) for_each_map_run(op->ifm2, each);
    if (!op->has_weights()) return;
    for (const stream::ByteRange& range : op->weights) {
        refresh(op->weight_region, range.base, range.length);
    }
    for (const stream::ByteRange& range : op->scales) {
        refresh(op->scale_region, range.base, range.length);
    }
}

void NpuBytes::mark_results(const stream::Command& command) {
    const auto each = [this](int region, std::uint64_t offset, std::uint64_t count) {
        const std::uint64_t end = offset + clip(region, offset, count);
        for (std::uint64_t at = offset; at < end; ++at) mark(region, at, true);
    };
    if (const auto* copy = std::get_if<stream::DmaOp>(&command.action)) {
        for_each_copy_run(*copy, copy->destination, each);
    } else if (const auto* op = std::get_if<stream::KernelOp>(&command.action)) {
        for_each_map_run(op->ofm, each);
    }
}

void NpuBytes::execute(std::uint32_t operation) {
    if (executed_[operation]) return;
    executed_[operation] = true;
    const std::size_t index = command_of_operation_[operation];
    const stream::Command& command = (*commands_)[index];
    refresh(command);
    executor_->run(command, static_cast<std::uint32_t>(index));
    mark_results(command);
}

/// An operation's first result leaves. Kernels come in order, and use what was copied to SHRAM
/// before; a copy in memory is done when it is, which the stream's waits order.
void NpuBytes::begin_results(std::uint32_t operation) {
    const auto action = [this](std::uint32_t number) -> const stream::Action& {
        return (*commands_)[command_of_operation_[number]].action;
    };
    const bool kernel = std::holds_alternative<stream::KernelOp>(action(operation));
    for (; kernel && next_kernel_ < operation; ++next_kernel_) {
        const auto* copy = std::get_if<stream::DmaOp>(&action(next_kernel_));
        if (copy == nullptr || copy->destination.internal) execute(next_kernel_);
    }
    execute(operation);
}

void NpuBytes::load(const BurstRequest& burst, unsigned char* into) {
    begin_results(burst.operation);
    const auto bytes = static_cast<std::uint64_t>(burst.where.bytes);
    const std::uint64_t count = clip(burst.region, burst.where.address, bytes);
    std::fill_n(into, bytes, 0);
    if (count == 0) return;
    std::memcpy(into, executor_->memory().bytes(burst.region).data() + burst.where.address, count);
}

void NpuBytes::written(const BurstRequest& burst, std::uint64_t offset, const unsigned char* bytes,
                       std::uint64_t count) {
    const std::uint64_t begin = burst.where.address + offset;
    count = clip(burst.region, begin, count);
    const std::uint8_t* image = executor_->memory().bytes(burst.region).data() + begin;
    for (std::uint64_t i = 0; i < count; ++i) {
        // Another value is a later result, whose own burst is still to come.
        if (image[i] == bytes[i]) mark(burst.region, begin + i, false);
    }
}

void NpuBytes::store(const BurstRequest& burst, std::uint64_t offset, const unsigned char* from,
                     std::uint64_t count) {
    if (burst.region == Extent::command_queue) return;  // decoded before the run
    bring_in(burst.region, burst.where.address + offset, from, count);
}

}  // namespace u65sim::machine
