// Where a section changes its Golomb-Rice parameters, and what that costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/stream_format.hpp"
#include "weights/zero_runs.hpp"

namespace u65sim::weights {

struct Slice {
    std::size_t begin = 0, count = 0;  ///< of coded weights, within the section
    SliceMode mode;
};

/// Weights judged together; slices end at multiples of it.
inline constexpr std::uint32_t block_size = 32;

/// One section: coded weights, and zero runs before, between and after them in zero-run mode.
struct Section {
    Palette palette;
    std::span<const std::uint16_t> codes;
    std::span<const RunSums> run_sums;  ///< behind the weights of each block; none without runs
    std::uint64_t leading_run = 0;      ///< before the first weight
    /// One run more than weights; for the writer alone.
    std::span<const std::uint32_t> runs;

    [[nodiscard]] bool zero_runs() const { return !run_sums.empty(); }
};

/// Searches the cheapest parameters; scratch memory lives as long as the object.
class SlicePlanner {
public:
    SlicePlanner();
    ~SlicePlanner();
    SlicePlanner(const SlicePlanner&) = delete;
    SlicePlanner& operator=(const SlicePlanner&) = delete;

    /// Replaces `slices` with the plan of `section` and returns its exact size in bits, headers and
    /// palette included.
    std::uint64_t plan(const Section& section, std::vector<Slice>& slices);
    /// The same with one mode for the whole section.
    std::uint64_t plan_uniform(const Section& section, std::vector<Slice>& slices);

private:
    struct WeightSums;
    struct Ways;
    template <bool zero_runs>
    void find_ways(const Section& section);
    [[nodiscard]] SliceMode cheapest_mode(const Section& section);
    [[nodiscard]] std::uint64_t size_of(const Section& section, const Slice& slice) const;
    [[nodiscard]] std::uint64_t size_of(const Section& section,
                                        std::span<const Slice> slices) const;

    std::vector<WeightSums> weight_sums_;
    std::vector<Ways> ways_;
};

}  // namespace u65sim::weights
