// Which maps live in the fast memory: those that save most by the byte first, by bytes alive at a
// time and without addresses. The compiler's own search (plan/map_placer.hpp) packs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/quick/network.hpp"

namespace u65sim::compiler::quick {

/// A range of operations at its turn.
struct Position {
    QuickRange range;
    Duration fast;                      ///< weights in the fast memory
    Duration direct;                    ///< weights read off-chip
    const BlockTimes* times = nullptr;  ///< of one operation: with its block, where its maps are
    MapPlaces places;                   ///< of its maps
    bool reads_copy = false;            ///< its IFM is read from a copy in the fast memory
    std::int64_t map_copy = 0;          ///< bytes of that copy, where this is its first reader
};

/// Bytes in use at each position.
class Occupancy {
public:
    explicit Occupancy(std::size_t positions) : bytes_(positions + 1, 0) {}
    void add(std::int32_t first, std::int32_t last, std::int64_t bytes) {
        for (std::int32_t p = first; p <= last; ++p) bytes_[static_cast<std::size_t>(p)] += bytes;
    }
    [[nodiscard]] std::int64_t at(std::int32_t position) const {
        return bytes_[static_cast<std::size_t>(position)];
    }
    [[nodiscard]] std::int64_t most(std::int32_t first, std::int32_t last) const;

private:
    std::vector<std::int64_t> bytes_;
};

/// Where maps are, and what each position takes then.
struct PlacedMaps {
    std::vector<Position> positions;
    Occupancy occupancy;
    std::vector<Lifetime> held;      ///< what that counts, by position and without addresses
    std::vector<Lifetime> left;      ///< room that maps leave to weights
    std::vector<std::uint8_t> fast;  ///< by buffer: whether
    /// First and last position of each buffer, -1: not in memory as a whole; its bytes.
    std::vector<std::int32_t> first, last;
    std::vector<std::int64_t> size;
};

/// Room in which slices of a position's weights take turns.
struct Turns {
    std::int32_t position = 0;
    std::int64_t bytes = 0;
};

/// What maps save where they are fast, by the operations of a network as they run by themselves:
/// worked out once for all its plans.
class MapSavings {
public:
    /// `network` must outlive this.
    explicit MapSavings(const QuickNetwork& network)
        : network_(network), known_(network.ops.size()) {}

    /// Bytes and cycles of IFM, IFM2 and OFM; 0 of those that may not be fast.
    struct Saved {
        double ifm = 0, ifm2 = 0, ofm = 0;
    };
    const Saved& of(std::size_t op);

private:
    [[nodiscard]] Saved work_out(const QuickOp& op) const;

    const QuickNetwork& network_;
    std::vector<std::optional<Saved>> known_;
};

/// Maps leave this room to weights. Throws DoesNotFit where a map has nowhere else to go.
PlacedMaps place_maps(const QuickNetwork& network, MapSavings& savings,
                      const std::vector<QuickRange>& ranges, const std::vector<Turns>& turns);

}  // namespace u65sim::compiler::quick
