// What the bytes a cycle of a port, and the MACs a cycle of the array, cannot pass.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/report.hpp>

namespace u65sim::report {

/// Everything that limits port 0 (sram) or 1 (off_chip) of a target, for traffic mixed like
/// `traffic`, in the order of Report::MemoryUse::ceilings. None where nothing was moved.
std::vector<PortCeiling> port_ceilings(const Target& target, int port, const PortTraffic& traffic);

/// "dram.max_outstanding_reads = 24, each 64 B in 511 cycles".
std::string describe(const PortCeiling& ceiling, const Target& target, int port);
/// The ceiling of the channel that can move least by itself, where that is clearly less than what
/// binds all traffic; else null.
const PortCeiling* slowest_channel(const Report::MemoryUse& use);
/// The field of the target that moves a ceiling; empty where the accelerator fixes it.
std::string field_of(const PortCeiling& ceiling, int port);

/// MACs a cycle that depthwise convolutions of 8 bits can reach: an ublock of outputs takes four
/// elements of the kernel at a time, each from one channel (published estimator model).
std::int64_t peak_depthwise_macs(const Target& target);

}  // namespace u65sim::report
