// What a unit may ask of whatever kernel carries it: to be woken. Nothing here knows SystemC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace u65sim::machine {

using Time = std::int64_t;  ///< NPU cycles since the stream was started
inline constexpr Time never = std::numeric_limits<Time>::max();

/// The units, in the order that kernels use for everything that needs one.
enum class UnitId : std::uint8_t {
    command_parser,
    ifm_loader,
    weight_loader,
    scale_loader,
    mac_array,
    output_unit,
    ofm_writer,
    dma,
    axi0,
    axi1,
};
inline constexpr std::size_t unit_count = static_cast<std::size_t>(UnitId::axi1) + 1;
std::string_view to_string(UnitId unit);

/// Carries the units. A unit acts when woken and returns when it next wants to act; a wake from
/// outside may come earlier and never gets lost. Units settle within a cycle in any order: what
/// one does can only enable another, and ports look only at requests of earlier cycles.
class Scheduler {
public:
    virtual ~Scheduler() = default;
    /// Let `unit` act at cycle `time`, or earlier if it is to act earlier anyway.
    virtual void wake(UnitId unit, Time time) = 0;
};

}  // namespace u65sim::machine
