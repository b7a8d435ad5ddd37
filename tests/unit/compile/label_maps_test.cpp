#include <u65sim/compile.hpp>

#include <array>
#include <variant>

#include <catch2/catch.hpp>

#include "networks.hpp"
#include "stream/operation.hpp"

using namespace u65sim;

namespace {

/// Whether the map begins inside of the placement.
bool lies_in(const stream::FeatureMap& map, const Placement& placement) {
    const Bytes base{static_cast<std::int64_t>(map.base[0])};
    return map.region == placement.region && base >= placement.offset &&
           base < placement.offset + placement.size;
}

/// Kernels of the network, each with maps in the placements that its label names.
std::size_t checked_kernels(const CompiledNetwork& network) {
    std::size_t count = 0;
    const auto placement = [&](std::int32_t index) -> const Placement& {
        REQUIRE(index >= 0);
        return network.placements.at(static_cast<std::size_t>(index));
    };
    for (const NpuSegment& segment : network.segments) {
        const auto commands = stream::decode(segment.stream.words, segment.stream.accelerator);
        for (const CommandLabel& label : segment.labels) {
            CAPTURE(label.name);
            const auto* kernel =
                std::get_if<stream::KernelOp>(&commands.at(label.command_index).action);
            if (kernel == nullptr) {
                CHECK(label.maps == std::array<std::int32_t, 3>{-1, -1, -1});
                continue;
            }
            const auto op = static_cast<std::size_t>(label.graph_operator);
            CHECK(network.graph.operators.at(op).name == label.op_name);
            CHECK(lies_in(kernel->ifm, placement(label.maps[0])));
            CHECK(lies_in(kernel->ofm, placement(label.maps[2])));
            if (kernel->is_binary() && !kernel->broadcast.scalar) {
                CHECK(lies_in(kernel->ifm2, placement(label.maps[1])));
            }
            ++count;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("A kernel's label names the placements that its maps lie in") {
    for (const Target& target : test::all_targets()) {
        CHECK(checked_kernels(compile(test::bottlenecks(32, 16), target)) > 3);
    }
}

TEST_CASE("A spill names the placement it is, which kernels write and read") {
    const CompiledNetwork network = compile(test::bottlenecks(160, 16), test::target());
    REQUIRE_FALSE(network.spills.empty());
    CHECK(checked_kernels(network) > 3);
    for (const SpilledMap& spill : network.spills) {
        CAPTURE(spill.tensor);
        REQUIRE(spill.placement >= 0);
        const Placement& place = network.placements.at(static_cast<std::size_t>(spill.placement));
        CHECK(place.name == spill.tensor);
        CHECK(place.region == region_arena);
        CHECK(place.offset == spill.offset);
        int reads = 0, writes = 0;
        for (const CommandLabel& label : network.segments.at(0).labels) {
            reads += label.maps[0] == spill.placement || label.maps[1] == spill.placement;
            writes += label.maps[2] == spill.placement;
        }
        CHECK(reads > 0);
        CHECK(writes > 0);
    }
}
