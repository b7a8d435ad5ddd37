#include "machine/functional/footprint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine::functional {
namespace {

/// Base addresses have 40 bits.
constexpr std::uint64_t largest_region = std::uint64_t{1} << 40;

class Footprint {
public:
    void visit(const stream::Command& command) {
        word_ = command.word_index;
        if (const auto* kernel = std::get_if<stream::KernelOp>(&command.action)) {
            visit(*kernel);
        } else if (const auto* dma = std::get_if<stream::DmaOp>(&command.action)) {
            visit(dma->source, *dma);
            visit(dma->destination, *dma);
        }
    }
    [[nodiscard]] const std::array<std::uint64_t, region_count>& sizes() const { return sizes_; }

private:
    void visit(const stream::KernelOp& op) {
        visit(op.ifm);
        visit(op.ofm);
        if (op.is_binary() && !op.broadcast.scalar) visit(op.ifm2);
        if (!op.has_weights()) return;
        for (const stream::ByteRange& range : op.weights) {
            grow(op.weight_region, range.base, range.length);
        }
        for (const stream::ByteRange& range : op.scales) {
            grow(op.scale_region, range.base, range.length);
        }
    }

    /// A map's highest byte is in one of its tiles' corners: strides may go backwards.
    void visit(const stream::FeatureMap& map) {
        if (map.height <= 0 || map.width <= 0 || map.depth <= 0) return;
        // NHCWB16 stores whole bricks of 16 channels.
        const int brick = map.layout == stream::Layout::nhcwb16 ? 15 - (map.depth - 1) % 16 : 0;
        const auto bytes = static_cast<std::uint64_t>((brick + 1) * stream::bytes_of(map.type));
        for (const int y : {0, map.height0 - 1, map.height1 - 1, map.height - 1}) {
            for (const int x : {0, map.width0 - 1, map.width - 1}) {
                if (y < 0 || x < 0) continue;
                grow(map.region,
                     map.address(std::min(y, map.height - 1), std::min(x, map.width - 1),
                                 map.depth - 1),
                     bytes);
            }
        }
    }

    void visit(const stream::DmaEnd& end, const stream::DmaOp& op) {
        if (end.internal || op.length == 0) return;
        grow(end.region, end.address, op.span(end));
    }

    void grow(int region, std::uint64_t offset, std::uint64_t length) {
        if (length == 0) return;
        if (region < 0 || region >= region_count || offset > largest_region ||
            length > largest_region - offset) {
            throw InvalidStream(
                fmt::format("word {}: {} bytes at offset {} of region {}: must lie within 2^40 "
                            "bytes of one of {} regions",
                            word_, length, offset, region, region_count));
        }
        std::uint64_t& size = sizes_[static_cast<std::size_t>(region)];
        size = std::max(size, offset + length);
    }

    std::array<std::uint64_t, region_count> sizes_{};
    std::uint32_t word_ = 0;
};

}  // namespace

std::array<std::uint64_t, region_count> footprint(const std::vector<stream::Command>& commands) {
    Footprint result;
    for (const stream::Command& command : commands) result.visit(command);
    return result.sizes();
}

}  // namespace u65sim::machine::functional
