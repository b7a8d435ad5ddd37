// The rules of a port and the memory behind it: width, bursts, slots, latency, bandwidth cap.
#pragma once

#include <cstdint>

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

#include "target/architecture.hpp"
#include "timing/feature_map_access.hpp"

namespace u65sim::timing {

/// What one port and its memory do to a transfer, as plain numbers for the machine and estimates.
struct PortRules {
    BusShape bus;  ///< of the command processor and the DMA
    /// Of feature maps: as many beats as fill the burst size on the narrowest port, that is twice
    /// as long on ports of 16 bytes. Of weights and scales: each core splits at the burst size, and
    /// what two ask for in lockstep travels as one. Both inferred from public measurements.
    BusShape map_bus, weight_bus;
    std::int64_t read_latency = 0;   ///< address to first data
    std::int64_t write_latency = 0;  ///< last data to response
    std::int64_t read_slots = 0;     ///< bursts in flight; zero: unlimited
    std::int64_t write_slots = 0;
    std::int64_t slot_overhead = 0;  ///< a burst holds its slot this long beyond its response
    /// Beats granted anew each `cap_period` cycles, reads and writes together; zero: no cap. The
    /// last burst of a period passes whole.
    std::int64_t cap_beats = 0;
    std::int64_t cap_period = 0;
    bool steady_cap = false;  ///< the cap is a rate, not a grant: nothing passes whole

    /// Bytes after which beats and bursts of whatever kind fall alike again; a power of two.
    [[nodiscard]] std::int64_t address_period() const;
};

/// Rules of port 0 (sram) or 1 (off_chip) of a target. A cap without period becomes a steady
/// rate. An ideal memory keeps the port's width only.
PortRules port_rules(const Target& target, const Architecture& arch, int port);

/// Shortest time of all `reads` or all `writes` of a port: the larger of width and slots; no
/// latency, no cap.
Cycles streaming_cycles(const Access& access, const PortRules& rules, bool write);
/// The same where all slots are free at first: bursts come in rounds, as many as there are slots
/// in each, and the last round does not wait for its slots to be free again.
Cycles streaming_from_idle(const Access& access, const PortRules& rules, bool write);
/// Shortest time that the cap allows for reads and writes together.
Cycles capped_cycles(const Access& both, const PortRules& rules);
/// The same from somewhere in a period whose grant is there at once.
Cycles capped_from_idle(const Access& both, const PortRules& rules);
/// The longer of both, in a steady state.
std::int64_t transfer_cycles(const Access& access, const PortRules& rules, bool write);
/// The longer of both on an idle port.
std::int64_t first_cycles(const Access& access, const PortRules& rules, bool write);

}  // namespace u65sim::timing
