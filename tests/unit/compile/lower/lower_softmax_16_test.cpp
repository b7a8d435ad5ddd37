// The kernels of a softmax of 16 bits.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

TEST_CASE("lower_softmax_16: two tables around a sum") {
    GraphBuilder net{"net", {.activations = ElementType::int16}};
    net.output(net.softmax(net.input({2, 10}, "in"), 1.0F, {.name = "softmax"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 softmax/max: max_pool in:2x10x1 -> softmax/max:2x1x1 kernel 1x10/1x1
  1 softmax: sub in:1x2x10 -> softmax/difference:1x2x10 with softmax/max:1x2x1
  2 softmax/2: mul softmax/difference:1x2x10 -> softmax/scaled:1x2x10 with softmax/scale:1x1x1
  3 softmax/3: add softmax/scaled:1x2x10 -> softmax/exp:1x2x10 with softmax/32767:1x1x1 table 2048 B
  4 softmax/sum: reduce_sum softmax/exp:1x2x10 -> softmax/sum:1x2x1
  5 softmax/4: clz softmax/sum:1x2x1 -> softmax/headroom+1:1x2x1
  6 softmax/5: sub softmax/headroom+1:1x2x1 -> softmax/shift:1x2x1 with softmax/31:1x1x1
  7 softmax/6: sub softmax/headroom+1:1x2x1 -> softmax/headroom:1x2x1 with softmax/1:1x1x1
  8 softmax/7: shl softmax/sum:1x2x1 -> softmax/shifted:1x2x1 with softmax/headroom:1x2x1
  9 softmax/8: shr softmax/shifted:1x2x1 -> softmax/fraction:1x2x1 with softmax/14:1x1x1
  10 softmax/9: sub softmax/fraction:1x2x1 -> softmax/reciprocal:1x2x1 with softmax/98304:1x1x1 table 2048 B
  11 softmax/10: mul softmax/exp:1x2x10 -> softmax/product:1x2x10 with softmax/reciprocal:1x2x1
  12 softmax/11: shr softmax/product:1x2x10 -> softmax:1x2x10 with softmax/shift:1x2x1
)");
}
