#include "machine/units/observer.hpp"

#include <bit>

namespace u65sim::machine {

namespace {

/// Cause of each flag that can be one, in flag order.
constexpr std::array<Cause, 14> cause_of_flag{
    Cause::mac,
    Cause::output,
    Cause::weight_fetch,
    Cause::weight_fetch,
    Cause::ifm_fetch,
    Cause::ofm_write,
    Cause::ofm_write,
    Cause::block_dependency,
    Cause::block_dependency,
    Cause::shram_reconfig,
    Cause::dma_wait,
    Cause::dma_wait,
    Cause::kernel_wait,
    Cause::command_fetch,
};
constexpr std::uint32_t cause_mask = (std::uint32_t{1} << cause_of_flag.size()) - 1;

}  // namespace

std::string_view to_string(UnitId unit) {
    constexpr std::array<std::string_view, unit_count> names{
        "command_parser", "ifm_loader", "weight_loader", "scale_loader", "mac_array",
        "output_unit",    "ofm_writer", "dma",           "axi0",         "axi1"};
    return names[static_cast<std::size_t>(unit)];
}

void Observer::reset(bool timeline, std::vector<OperationRecord>* operations) {
    flags_ = 0;
    last_ = 0;
    oldest_ = -1;
    causes_ = {};
    since_ = {};
    times_ = {};
    operations_ = operations;
    timeline_wanted_ = timeline;
    timeline_.clear();
}

void Observer::account(Time now) {
    if (now == last_) return;
    const std::uint32_t up = flags_ & cause_mask;
    const Cause cause =
        up != 0 ? cause_of_flag[static_cast<std::size_t>(std::countr_zero(up))] : Cause::pipeline;
    const Cycles passed{now - last_};
    causes_[static_cast<std::size_t>(cause)] += passed;
    if (oldest_ >= 0) {
        (*operations_)[static_cast<std::size_t>(oldest_)].causes[static_cast<std::size_t>(cause)] +=
            passed;
    }
    last_ = now;
}

void Observer::change(Flag flag, bool on, Time now) {
    account(now);
    const auto index = static_cast<std::size_t>(flag);
    flags_ ^= std::uint32_t{1} << index;
    if (on) {
        since_[index] = now;
    } else {
        times_[index] += now - since_[index];
    }
}

void Observer::set_oldest(std::int64_t operation, Time now) {
    if (operation == oldest_) return;
    account(now);
    oldest_ = operation;
}

void Observer::finish(Time now) {
    account(now);
    for (std::size_t i = 0; i < flag_count; ++i) {
        if ((flags_ >> i & 1U) != 0) times_[i] += now - since_[i];
    }
    flags_ = 0;
}

}  // namespace u65sim::machine
