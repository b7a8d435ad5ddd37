// Writes the output unit's chunks to memory and tells when blocks are complete.
#pragma once

#include <string>

#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/ofm_staging.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// A chunk leaves its staging bank when it has been accepted; a block is complete
/// `block_completion` cycles after its last chunk has been answered.
class OfmWriter {
public:
    struct Ports {
        const Hardware& hardware;
        Probe& probe;
        KernelQueue& kernels;
        OfmStaging& staging;
    };
    explicit OfmWriter(const Ports& ports) : ports_(ports) {}
    Time act(Time now);
    [[nodiscard]] std::string describe() const;

private:
    [[nodiscard]] Time completion(const OfmStaging::Chunk& chunk) const;
    [[nodiscard]] Time next_act() const;

    Ports ports_;
};

}  // namespace u65sim::machine
