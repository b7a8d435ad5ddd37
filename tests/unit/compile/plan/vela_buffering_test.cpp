// How Vela brings weights, by its estimates: whole, in slices, or not at all.
#include "compile/plan/vela_buffering.hpp"

#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "compile/plan/lifetimes.hpp"
#include "unit/compile/lowered.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;
using namespace u65sim::compiler;

namespace {

/// The delivery of the second one's weights, of two convolutions, where maps leave `room` bytes.
Delivery delivery(std::int32_t size, std::int32_t depth, std::int64_t room) {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, size, size, 64}), 64, Window::square(3));
    net.output(net.conv2d(net.conv2d(x, depth, Window::square(3)), 8, Window::square(1)));
    const Graph graph = net.build();
    const Target target = test::target();
    const test::Lowered lowered(graph, target);
    PlannedProgram program{lowered.program()};
    choose_layouts(program);
    find_lifetimes(program);
    DeliveryClock clock(program, region_fast);
    clock.begin_segment(0);
    clock.begin_position(0, 0);
    const std::vector<Lifetime> items;
    SlicePlacer slices(room);
    VelaBuffering buffering(program, items, slices, clock, {room, SlicePlaces::final});
    std::vector<NpuOp>& ops = program.segments[0].ops;
    WeightLoad load{.op = &ops[1], .before = &ops[0], .time = 1, .size = ops[1].slices[0].size};
    return buffering.choose(load);
}

}  // namespace

TEST_CASE("vela_buffering: weights come whole where the operation before takes long enough") {
    const Delivery made = delivery(24, 64, 384 * 1024);
    CHECK(made.depths == std::vector<std::int32_t>{64});
    REQUIRE(made.places.size() == 1);
    CHECK(made.places[0].first < first_of(1));
}

TEST_CASE("vela_buffering: else in slices of bricks that fit by two") {
    const std::int64_t room = 64 * 1024;
    const Delivery made = delivery(24, 512, room);
    REQUIRE(made.places.size() > 1);
    std::int32_t depth = 0;
    for (std::size_t i = 0; i < made.places.size(); ++i) {
        CAPTURE(i);
        depth += made.depths[i];
        CHECK(made.depths[i] % brick_channels == 0);
        CHECK(made.places[i].size <= room / 2);
    }
    CHECK(depth == 512);
}

TEST_CASE("vela_buffering: weights without room are read where they are") {
    CHECK(delivery(24, 512, 1024).places.empty());
}
