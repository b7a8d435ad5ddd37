#include "report/ceilings.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "target/architecture.hpp"
#include "target/memory_rate.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {

std::string_view to_string(PortCeiling::Kind kind) {
    switch (kind) {
        case PortCeiling::Kind::width:
            return "width";
        case PortCeiling::Kind::bandwidth:
            return "bandwidth";
        case PortCeiling::Kind::reads_in_flight:
            return "reads_in_flight";
        case PortCeiling::Kind::writes_in_flight:
            return "writes_in_flight";
    }
    throw std::logic_error("to_string(PortCeiling::Kind): not a kind");
}

namespace report {

namespace {

const Memory& memory_of(const Target& target, int port) {
    return port == 0 ? target.sram : target.off_chip;
}

/// Some of a port's traffic.
struct Part {
    std::int64_t beats = 0, bursts = 0;
    Bytes bytes{0};
    void add(const PortTraffic& traffic, std::size_t channel) {
        beats += traffic.beats[channel];
        bursts += traffic.bursts[channel];
        bytes += traffic.bytes[channel];
    }
};

/// What bursts in flight allow one part of a port's traffic.
class InFlight {
public:
    InFlight(const Target& target, int port) : target_(target), memory_(memory_of(target, port)) {}

    /// Bytes a cycle of `bytes`, which move together with `part`; none where nothing limits it.
    [[nodiscard]] std::optional<PortCeiling> ceiling(const Part& part, bool writes,
                                                     Bytes bytes) const {
        const auto slots = writes ? memory_.max_outstanding_writes : memory_.max_outstanding_reads;
        if (slots <= 0 || part.bursts == 0) return std::nullopt;
        const Cycles latency = writes ? write_latency(memory_, target_.accelerator)
                                      : read_latency(memory_, target_.accelerator);
        const auto bursts = static_cast<double>(part.bursts);
        // A burst keeps its place from its address to its last beat and a little longer.
        const double held = static_cast<double>((latency + target_.timing.burst_overhead).count()) +
                            static_cast<double>(part.beats) / bursts;
        return PortCeiling{
            writes ? PortCeiling::Kind::writes_in_flight : PortCeiling::Kind::reads_in_flight,
            static_cast<double>(bytes.count()) * slots / (bursts * held),
            static_cast<double>(part.bytes.count()) / bursts, held};
    }

private:
    const Target& target_;
    const Memory& memory_;
};

/// From `first` on the lowest first, without those that are above what the port can carry.
void sort_from(std::vector<PortCeiling>& ceilings, std::size_t first, double width) {
    const auto begin = ceilings.begin() + static_cast<std::ptrdiff_t>(first);
    std::stable_sort(begin, ceilings.end(), [](const auto& a, const auto& b) {
        return a.bytes_per_cycle < b.bytes_per_cycle;
    });
    ceilings.erase(std::find_if(begin, ceilings.end(),
                                [&](const auto& each) { return each.bytes_per_cycle > width; }),
                   ceilings.end());
}

/// "dram.bandwidth = 4 B/cycle of 250MHz, dram.available = 0.5": all that makes the rate.
std::string rate_text(const Memory& memory, std::string_view name) {
    std::string text;
    if (memory.bandwidth.numerator() > 0) {
        text = fmt::format("{}.bandwidth = {:g} B/cycle", name, memory.bandwidth.value());
        if (memory.clock.count() > 0) text += " of " + text::format_hertz(memory.clock);
    }
    if (memory.available < 1.0) {
        text +=
            fmt::format("{}{}.available = {:g}", text.empty() ? "" : ", ", name, memory.available);
    }
    return text;
}

}  // namespace

std::vector<PortCeiling> port_ceilings(const Target& target, int port, const PortTraffic& traffic) {
    std::array<Part, 2> ways;  // reads, writes
    for (std::size_t i = 0; i < channel_count; ++i) {
        ways[is_write(static_cast<Channel>(i)) ? 1 : 0].add(traffic, i);
    }
    const Bytes all = ways[0].bytes + ways[1].bytes;
    const std::int64_t beats = ways[0].beats + ways[1].beats;
    if (beats == 0) return {};
    const auto bytes = static_cast<double>(all.count());
    const double width = bytes / static_cast<double>(std::max(ways[0].beats, ways[1].beats));
    std::vector<PortCeiling> ceilings{{PortCeiling::Kind::width, width}};
    if (target.ideal_memory) return ceilings;
    const BytesPerCycle rate = rate_left(memory_of(target, port), target.accelerator);
    if (rate.numerator() > 0) {
        const auto moved =
            static_cast<double>(beats * architecture(target.accelerator).axi_width_bytes);
        ceilings.push_back({PortCeiling::Kind::bandwidth, rate.value() * bytes / moved});
    }
    const InFlight in_flight{target, port};
    for (const bool writes : {false, true}) {
        const auto each = in_flight.ceiling(ways[writes ? 1 : 0], writes, all);
        if (each) ceilings.push_back(*each);
    }
    sort_from(ceilings, 0, width);
    const std::size_t of_all = ceilings.size();
    for (std::size_t i = 0; i < channel_count; ++i) {
        const auto channel = static_cast<Channel>(i);
        // Of commands no more are in flight than the window in front of their consumer holds.
        if (channel == Channel::command) continue;
        Part part;
        part.add(traffic, i);
        if (10 * part.bytes < all) continue;
        auto each = in_flight.ceiling(part, is_write(channel), part.bytes);
        if (!each) continue;
        each->channel = channel;
        ceilings.push_back(*each);
    }
    sort_from(ceilings, of_all, width);
    return ceilings;
}

std::string field_of(const PortCeiling& ceiling, int port) {
    const std::string_view memory = port == 0 ? "sram" : "dram";
    switch (ceiling.kind) {
        case PortCeiling::Kind::width:
            return {};
        case PortCeiling::Kind::bandwidth:
            return fmt::format("{}.bandwidth", memory);
        case PortCeiling::Kind::reads_in_flight:
            return fmt::format("{}.max_outstanding_reads", memory);
        case PortCeiling::Kind::writes_in_flight:
            return fmt::format("{}.max_outstanding_writes", memory);
    }
    throw std::logic_error("field_of: not a ceiling");
}

std::string describe(const PortCeiling& ceiling, const Target& target, int port) {
    const Memory& memory = memory_of(target, port);
    const std::string field = field_of(ceiling, port);
    const auto in_flight = [&](std::int32_t bursts) {
        return fmt::format("{} = {}, each {:.0f} B in {:.0f} cycles", field, bursts,
                           ceiling.burst_bytes, ceiling.held_cycles);
    };
    switch (ceiling.kind) {
        case PortCeiling::Kind::width:
            return fmt::format("the port's width, {} B/cycle each way",
                               architecture(target.accelerator).axi_width_bytes);
        case PortCeiling::Kind::bandwidth:
            return rate_text(memory, port == 0 ? "sram" : "dram");
        case PortCeiling::Kind::reads_in_flight:
            return in_flight(memory.max_outstanding_reads);
        case PortCeiling::Kind::writes_in_flight:
            return in_flight(memory.max_outstanding_writes);
    }
    throw std::logic_error("describe: not a ceiling");
}

const PortCeiling* slowest_channel(const Report::MemoryUse& use) {
    const auto found = std::find_if(use.ceilings.begin(), use.ceilings.end(),
                                    [](const auto& each) { return each.channel.has_value(); });
    const bool is_lower = found != use.ceilings.end() &&
                          found->bytes_per_cycle < 0.95 * use.ceilings.front().bytes_per_cycle;
    return is_lower ? &*found : nullptr;
}

std::int64_t peak_depthwise_macs(const Target& target) {
    return architecture(target.accelerator).ofm_ublock.elements() * target.accelerator.cores *
           target.accelerator.hypothetical.ublocks;
}

}  // namespace report

}  // namespace u65sim
