// Where a stream starts a new palette.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "weights/marked_codes.hpp"

namespace u65sim::weights {

/// Finds sections; scratch memory lives as long as the object.
class SectionCutter {
public:
    SectionCutter();
    ~SectionCutter();
    SectionCutter(const SectionCutter&) = delete;
    SectionCutter& operator=(const SectionCutter&) = delete;

    /// Ends of the sections of `codes` that may deserve a palette of their own; the last end is
    /// codes.size(). Candidates stand where a window of 32 to 1024 non-zero weights has so few
    /// distinct values that a palette made for them pays for itself, and around long runs of zeros.
    std::vector<std::size_t> cut(const MarkedCodes& codes);

private:
    class Groups;
    std::unique_ptr<Groups> groups_;
};

}  // namespace u65sim::weights
