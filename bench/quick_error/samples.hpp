// Networks of the benchmarks' search spaces, by effort quick and by effort normal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/target.hpp>

#include "compile/quick/answer.hpp"
#include "oracle/quick_error.hpp"

namespace quick_error {

/// One network, by both efforts.
struct Sample {
    std::uint64_t seed = 0;
    std::string family;
    u65sim::MemoryMode mode = u65sim::MemoryMode::dedicated_sram;
    std::int32_t cores = 1;
    u65sim::oracle::QuickClass kind = u65sim::oracle::QuickClass::fits;
    u65sim::compiler::quick::QuickTerms terms;
    double quick = 0;      ///< cycles, corrected
    double by_others = 0;  ///< cycles, by a correction that was fitted without its family
    double exact = 0;      ///< cycles, simulated
    double macs = 0;
    [[nodiscard]] double ratio() const { return exact / quick; }
    [[nodiscard]] double ratio_by_others() const { return exact / by_others; }
    [[nodiscard]] bool is_kept_out() const { return seed % 2 == 0; }
};

/// Networks of one family on one target.
struct Space {
    std::string family, target;
    std::vector<Sample> samples;
    std::size_t refused = 0;  ///< networks that do not fit
};

/// The first `networks` variants of a family on a preset target; Sample::quick is not set yet.
Space measure_space(const std::string& family, const std::string& target, std::size_t networks,
                    unsigned threads);

}  // namespace quick_error
