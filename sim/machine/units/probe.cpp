#include "machine/units/probe.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace u65sim::machine {

namespace {

/// Cause of each flag that can be one, in flag order, and of none.
constexpr std::array cause_of_flag{
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
    Cause::pipeline,
};

}  // namespace

std::string_view to_string(UnitId unit) {
    constexpr std::array<std::string_view, unit_count> names{
        "command_parser", "ifm_loader", "weight_loader", "scale_loader", "mac_array",
        "output_unit",    "ofm_writer", "dma",           "axi0",         "axi1"};
    return names[static_cast<std::size_t>(unit)];
}

std::string_view to_string(Flag flag) {
    constexpr std::array<std::string_view, flag_count> names{"mac_array.computes",
                                                             "output_unit.computes",
                                                             "mac_array.waits_weights",
                                                             "output_unit.waits_scales",
                                                             "mac_array.waits_ifm",
                                                             "output_unit.waits_bank",
                                                             "ofm_writer.write_in_flight",
                                                             "ifm_loader.waits_blockdep",
                                                             "command_parser.waits_kernel_slot",
                                                             "ifm_loader.waits_layout",
                                                             "command_parser.waits_dma",
                                                             "command_parser.waits_dma_slot",
                                                             "command_parser.waits_kernels",
                                                             "command_parser.waits_words",
                                                             "mac_array.waits_accumulator",
                                                             "mac_array.has_job",
                                                             "weight_loader.read_in_flight",
                                                             "ifm_loader.read_in_flight",
                                                             "scale_loader.read_in_flight",
                                                             "dma.in_flight",
                                                             "weight_loader.waits_buffer"};
    return names[static_cast<std::size_t>(flag)];
}

void Probe::reset(bool timeline, std::vector<OperationRecord> records) {
    flags_ = 0;
    cause_ = cause_count;
    last_ = 0;
    oldest_ = -1;
    causes_ = {};
    times_ = {};
    records_ = std::move(records);
    work_ = {};
    timeline_wanted_ = timeline;
    for (auto& track : tracks_) track.clear();
    for (auto& requests : granted_) requests.clear();
    granted_at_ = -1;
}

void Probe::account(Time now) {
    static_assert(cause_of_flag.size() == cause_count + 1);
    if (now == last_) return;
    const auto cause = static_cast<std::size_t>(cause_of_flag[static_cast<std::size_t>(cause_)]);
    const Cycles passed{now - last_};
    causes_[cause] += passed;
    if (oldest_ >= 0) records_[static_cast<std::size_t>(oldest_)].causes[cause] += passed;
    last_ = now;
}

void Probe::set_oldest(std::int64_t operation, Time now) {
    if (operation == oldest_) return;
    account(now);
    oldest_ = operation;
}

void Probe::settle(Time now) {
    account(now);
    for (std::size_t i = 0; i < flag_count; ++i) {
        if ((flags_ >> i & 1U) != 0) times_[i] += now;
    }
}

void Probe::resume(Time now) {
    for (std::size_t i = 0; i < flag_count; ++i) {
        if ((flags_ >> i & 1U) != 0) times_[i] -= now;
    }
}

void Probe::finish(Time now) {
    settle(now);
    keep_granted();
    flags_ = 0;
}

void Probe::keep(const Interval& work) {
    if (records_.empty()) return;
    auto& track = tracks_[2 * std::size_t{work.unit} + (is_write(work.channel) ? 1 : 0)];
    Interval next = work;
    // Commands behind the last operation count with it.
    next.operation = std::min(next.operation, static_cast<std::uint32_t>(records_.size()) - 1);
    if (!track.empty()) {
        Interval& last = track.back();
        if (next.start <= last.end && next.operation == last.operation &&
            next.block == last.block && next.channel == last.channel) {
            last.end = std::max(last.end, next.end);
            last.bytes += next.bytes;
            return;
        }
        next.start = std::max(next.start, last.end);
    }
    if (next.start < next.end) track.push_back(next);
}

void Probe::keep_granted() {
    for (auto& requests : granted_) {
        for (const Interval& work : requests) keep(work);
        requests.clear();
    }
}

std::vector<Interval> Probe::take_timeline() {
    std::vector<Interval> all;
    for (std::vector<Interval>& track : tracks_) {
        all.insert(all.end(), track.begin(), track.end());
        track = {};
    }
    return all;
}

}  // namespace u65sim::machine
