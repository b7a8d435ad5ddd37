// How effort quick delivers the weights of several plans: followed to the end where that matters.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <u65sim/graph_builder.hpp>

#include "compile/passes.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/quick/delivery_rule.hpp"
#include "unit/compile/lowered.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;
namespace quick = compiler::quick;
using quick::TimeLine;

namespace {

/// Two large maps, then convolutions that wait for their weights.
Graph waiting() {
    GraphBuilder net{"waiting", {{.modelled = true}}};
    Value x = net.input({1, 64, 64, 16});
    x = net.conv2d(x, 32, Window::square(3));
    x = net.conv2d(x, 16, Window::square(3, 2));
    x = net.conv2d(x, 256, Window::square(3, 8));
    for (int i = 0; i < 6; ++i) x = net.conv2d(x, 256, Window::square(3));
    net.output(x);
    return net.build();
}

class Plans {
public:
    Plans() : program_(test::Lowered{graph_, target_}.program()) {
        static_cast<compiler::CompileContext&>(program_) =
            compiler::make_context(target_, {}, cache_, counters_);
        compiler::choose_layouts(program_);
        compiler::find_lifetimes(program_);
        network_ = std::make_unique<quick::QuickNetwork>(program_, tables_);
        network_->link_rows();
        savings_ = std::make_unique<quick::MapSavings>(*network_);
    }

    /// The first two operations in one cascade of so many rows a step, or none.
    [[nodiscard]] quick::PlacedMaps place(std::int32_t height) {
        std::vector<quick::QuickRange> ranges;
        if (height > 0) ranges.push_back({0, 1, height});
        for (std::size_t i = height > 0 ? 2 : 0; i < network_->ops.size(); ++i) {
            ranges.push_back({i, i, 0});
        }
        return quick::place_maps(*network_, *savings_, ranges, {});
    }
    [[nodiscard]] TimeLine deliver(const quick::PlacedMaps& maps,
                                   const quick::EndLimit& limit = {}) const {
        return quick::deliver_weights(*network_, maps, quick::Weights::copied, limit);
    }

private:
    const Target target_ = test::target();
    const Graph graph_ = waiting();
    const CompileCache cache_;
    compiler::CacheCounters counters_;
    compiler::Program program_;
    quick::TimeTables tables_{target_};
    std::unique_ptr<quick::QuickNetwork> network_;
    std::unique_ptr<quick::MapSavings> savings_;
};

/// Positions whose deliveries were looked at.
std::ptrdiff_t followed(const TimeLine& line) {
    return std::count_if(line.begins.begin(), line.begins.end(),
                         [](std::int64_t begin) { return begin > 0; });
}

}  // namespace

TEST_CASE("Deliveries up to a limit are those without one, and none are made behind it") {
    Plans plans;
    const quick::PlacedMaps maps = plans.place(0);
    const TimeLine all = plans.deliver(maps);
    REQUIRE(all.is_whole);

    const TimeLine whole = plans.deliver(maps, {.cycles = all.expected});
    CHECK(whole.is_whole);
    CHECK(whole.begins == all.begins);
    CHECK(whole.expected == all.expected);

    CHECK_FALSE(plans.deliver(maps, {.cycles = all.expected - 1}).is_whole);
    CHECK(followed(plans.deliver(maps, {.cycles = all.begins[1]})) == 0);
}

TEST_CASE("Where two plans run the same, the second one is expected to go on as the first one") {
    Plans plans;
    const quick::PlacedMaps first = plans.place(0);
    const quick::PlacedMaps second = plans.place(2);
    const TimeLine line = plans.deliver(first);
    const TimeLine other = plans.deliver(second);
    REQUIRE(other.expected > line.expected);

    // Kernels alone do not tell before most of the waits are over.
    const quick::EndLimit kernels{.cycles = line.expected};
    const quick::EndLimit same{line.expected, &first, &line};
    CHECK_FALSE(plans.deliver(second, kernels).is_whole);
    CHECK_FALSE(plans.deliver(second, same).is_whole);
    CHECK(followed(plans.deliver(second, same)) < followed(plans.deliver(second, kernels)));
}
