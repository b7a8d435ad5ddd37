// Bursts of a request, one by one: as many, and as long, as its Access counts, where its bytes are.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "machine/channels/extent.hpp"
#include "support/seeded_inputs.hpp"
#include "timing/dma_access.hpp"
#include "unit/timing/kernels.hpp"

using namespace u65sim;
using namespace u65sim::machine;
using stream::FeatureMap;
using stream::Layout;
using timing::Access;
using timing::BusShape;

namespace {

class Draw {
public:
    explicit Draw(std::uint32_t seed) : state_(seed) {}
    /// 0 to `limit` - 1.
    int operator()(int limit) {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<int>((state_ >> 8) % static_cast<std::uint32_t>(limit));
    }

private:
    std::uint32_t state_;
};

FeatureMap random_map(Draw& draw) {
    FeatureMap map = timing_test::brick_map(1 + draw(12), 1 + draw(12), 1 + draw(40),
                                            std::uint64_t{16} * draw(64));
    map.type = std::vector{stream::DataType::s8, stream::DataType::s16,
                           stream::DataType::s32}[static_cast<std::size_t>(draw(3))];
    const int element = bytes_of(map.type);
    map.layout = draw(2) == 0 ? Layout::nhcwb16 : Layout::nhwc;
    if (map.layout == Layout::nhwc) {
        map.base[0] += static_cast<std::uint64_t>(draw(16));
        map.stride_x = std::int64_t{element} * (map.depth + draw(3));
        map.stride_y = map.stride_x * map.width + draw(2) * 8;
    } else {
        map.stride_c = std::int64_t{16} * element * map.width;
        map.stride_y = (map.depth + 15) / 16 * map.stride_c;
    }
    if (draw(3) == 0) {
        map.width0 = 1 + draw(map.width);
        map.height0 = 1 + draw(map.height);
        map.height1 = 1 + draw(map.height);
        for (std::uint64_t tile = 1; tile < 4; ++tile)
            map.base[tile] = map.base[0] + tile * 100'000;
    }
    return map;
}

timing::Box random_box(const FeatureMap& map, Draw& draw) {
    timing::Box box{draw(map.height), draw(map.width), draw(map.depth), 0, 0, 0};
    box.height = 1 + draw(map.height - box.y);
    box.width = 1 + draw(map.width - box.x);
    box.depth = 1 + draw(map.depth - box.z);
    return box;
}

Access sum(const std::vector<Burst>& bursts, const BusShape& bus) {
    Access all;
    for (const Burst& burst : bursts) all += timing::run_access(burst.address, burst.bytes, bus);
    return all;
}

BusShape random_bus(Draw& draw) { return {8 << draw(2), 64 << draw(3)}; }

}  // namespace

TEST_CASE("the bursts of a box are those that its access counts, and hold all its elements") {
    Draw draw{1};
    for (int i = 0; i < 3000; ++i) {
        const FeatureMap map = random_map(draw);
        const timing::Box box = random_box(map, draw);
        const BusShape bus = random_bus(draw);
        const Access access = timing::box_access(map, box, bus);
        std::vector<Burst> bursts;
        cut_bursts(Extent::of_box(map, box), access.bursts, bus, bursts);
        CAPTURE(i);
        CHECK(sum(bursts, bus) == access);

        std::set<std::uint64_t> bytes;
        for (const Burst& burst : bursts) {
            for (std::int64_t b = 0; b < burst.bytes; ++b) {
                bytes.insert(burst.address + static_cast<std::uint64_t>(b));
            }
        }
        std::int64_t missing = 0;
        for (int y = box.y; y < box.y + box.height; ++y) {
            for (int x = box.x; x < box.x + box.width; ++x) {
                for (int c = box.z; c < box.z + box.depth; ++c) {
                    for (int b = 0; b < bytes_of(map.type); ++b) {
                        missing +=
                            bytes.count(map.address(y, x, c) + static_cast<unsigned>(b)) == 0;
                    }
                }
            }
        }
        CHECK(missing == 0);
        CHECK(static_cast<std::int64_t>(bytes.size()) == access.bytes);
    }
}

TEST_CASE("parts of a request are its bursts, each once and in order") {
    Draw draw{2};
    for (int i = 0; i < 500; ++i) {
        const FeatureMap map = random_map(draw);
        const timing::Box box = random_box(map, draw);
        const BusShape bus = random_bus(draw);
        const std::int64_t count = timing::box_access(map, box, bus).bursts;
        std::vector<Burst> whole, part, joined;
        cut_bursts(Extent::of_box(map, box), count, bus, whole);
        for (std::int64_t first = 0; first < count;) {
            const std::int64_t next = std::min<std::int64_t>(count, first + 1 + draw(9));
            cut_bursts(Extent::of_box(map, box, first), next - first, bus, part);
            joined.insert(joined.end(), part.begin(), part.end());
            first = next;
        }
        CHECK(joined == whole);
    }
}

TEST_CASE("the bursts of a copy are those that its access counts") {
    Draw draw{3};
    for (int i = 0; i < 2000; ++i) {
        stream::DmaOp op;
        op.stride_mode = draw(3);
        op.length = static_cast<std::uint64_t>(1 + draw(700));
        op.size0 = op.stride_mode > 0 ? 1 + draw(9) : 1;
        op.size1 = op.stride_mode > 1 ? 1 + draw(5) : 1;
        op.skip0 = draw(300);
        op.skip1 = draw(300);
        op.source.address = static_cast<std::uint64_t>(draw(1000));
        op.source.packed = draw(3) == 0;
        const BusShape bus = random_bus(draw);
        const Access access = timing::dma_access(op, op.source, bus);
        std::vector<Burst> bursts;
        cut_bursts(Extent::of_copy(op, op.source, 0), access.bursts, bus, bursts);
        std::int64_t bytes = 0;
        for (const Burst& burst : bursts) bytes += burst.bytes;
        CAPTURE(i);
        CHECK(bytes == access.bytes);
        CHECK(static_cast<std::int64_t>(bursts.size()) == access.bursts);
        const Burst& last = bursts.back();
        CHECK(last.address + static_cast<std::uint64_t>(last.bytes) ==
              op.source.address + op.span(op.source));
    }
}

TEST_CASE("a part without a burst of its own moves the last one again") {
    std::vector<Burst> bursts;
    cut_bursts(Extent::of_run(0, 32, 100), 1, {16, 64}, bursts);
    CHECK(bursts == std::vector<Burst>{{32, 32}});
    Extent behind = Extent::of_run(0, 32, 100);
    behind.first = 3;
    cut_bursts(behind, 1, {16, 64}, bursts);
    CHECK(bursts == std::vector<Burst>{{128, 4}});
}
