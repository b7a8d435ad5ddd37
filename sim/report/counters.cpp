// Names and sums of the counters a simulation returns.
#include <stdexcept>

#include <u65sim/simulate.hpp>

namespace u65sim {

std::string_view to_string(Cause cause) {
    switch (cause) {
        case Cause::mac:
            return "mac";
        case Cause::output:
            return "output";
        case Cause::weight_fetch:
            return "weight_fetch";
        case Cause::ifm_fetch:
            return "ifm_fetch";
        case Cause::ofm_write:
            return "ofm_write";
        case Cause::block_dependency:
            return "block_dependency";
        case Cause::shram_reconfig:
            return "shram_reconfig";
        case Cause::dma_wait:
            return "dma_wait";
        case Cause::kernel_wait:
            return "kernel_wait";
        case Cause::command_fetch:
            return "command_fetch";
        case Cause::pipeline:
            return "pipeline";
    }
    throw std::logic_error("to_string(Cause): not a cause");
}

std::string_view to_string(Channel channel) {
    switch (channel) {
        case Channel::command:
            return "command";
        case Channel::ifm:
            return "ifm";
        case Channel::weights:
            return "weights";
        case Channel::scales:
            return "scales";
        case Channel::dma_read:
            return "dma_read";
        case Channel::ofm:
            return "ofm";
        case Channel::dma_write:
            return "dma_write";
    }
    throw std::logic_error("to_string(Channel): not a channel");
}

namespace {

template <class Value>
Value sum(const std::array<Value, channel_count>& values, bool writes) {
    Value total{0};
    for (std::size_t i = 0; i < channel_count; ++i) {
        if (is_write(static_cast<Channel>(i)) == writes) total += values[i];
    }
    return total;
}

}  // namespace

std::int64_t PortTraffic::read_beats() const { return sum(beats, false); }
std::int64_t PortTraffic::write_beats() const { return sum(beats, true); }
Bytes PortTraffic::read_bytes() const { return sum(bytes, false); }
Bytes PortTraffic::write_bytes() const { return sum(bytes, true); }

PortTraffic& PortTraffic::operator+=(const PortTraffic& other) {
    for (std::size_t i = 0; i < channel_count; ++i) {
        beats[i] += other.beats[i];
        bytes[i] += other.bytes[i];
        bursts[i] += other.bursts[i];
    }
    return *this;
}

}  // namespace u65sim
