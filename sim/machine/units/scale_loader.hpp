// Fetches bias and scale records for the output unit, block by block.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/axi_port.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Npu;

/// At most `blocks_ahead` blocks' records are held or on their way beyond those in use. A kernel's
/// first ones are asked for when its traversal has begun.
class ScaleLoader {
public:
    static constexpr std::int64_t blocks_ahead = 2;

    explicit ScaleLoader(Npu& npu) : npu_(&npu) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

    /// That kernel's records were asked for, and all that were are there; or it has none.
    [[nodiscard]] bool all_arrived(std::int64_t kernel) const;
    /// True when the records of the next block that uses some have arrived.
    [[nodiscard]] bool next_arrived() const { return arrived_ > used_; }
    /// The output unit has taken the next block's records.
    void use_next(Time now);

private:
    struct Request {
        Transfer transfer;
        std::int64_t kernel = 0;
    };

    Npu* npu_;
    Ring<Request, 8> requests_;
    std::int64_t kernel_ = 0, block_ = 0;                  ///< position
    std::int64_t requested_ = 0, arrived_ = 0, used_ = 0;  ///< blocks that use scales
};

}  // namespace u65sim::machine
