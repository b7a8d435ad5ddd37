// The kernels of a softmax of 8 bits.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

TEST_CASE("lower_softmax: maximum, table, sum, reciprocal in three steps of Newton, product") {
    GraphBuilder net{"net"};
    net.output(net.softmax(net.input({2, 10}, "in"), 1.0F, {.name = "softmax"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 softmax/max: max_pool in:2x10x1 -> softmax/max:2x1x1 kernel 1x10/1x1
  1 softmax: sub in:1x2x10 -> softmax/exp:1x2x10 with softmax/max:1x2x1 table 1024 B
  2 softmax/2: shr softmax/exp:1x2x10 -> softmax/scaled:1x2x10 with softmax/12:1x1x1
  3 softmax/sum: reduce_sum softmax/scaled:1x2x10 -> softmax/sum:1x2x1
  4 softmax/3: clz softmax/sum:1x2x1 -> softmax/headroom+1:1x2x1
  5 softmax/4: sub softmax/headroom+1:1x2x1 -> softmax/shift:1x2x1 with softmax/35:1x1x1
  6 softmax/5: sub softmax/headroom+1:1x2x1 -> softmax/headroom:1x2x1 with softmax/1:1x1x1
  7 softmax/6: shl softmax/sum:1x2x1 -> softmax/shifted:1x2x1 with softmax/headroom:1x2x1
  8 softmax/7: sub softmax/shifted:1x2x1 -> softmax/fraction:1x2x1 with softmax/2^30:1x1x1
  9 softmax/8: shl softmax/fraction:1x2x1 -> softmax/doubled:1x2x1 with softmax/1b:1x1x1
  10 softmax/9: add softmax/doubled:1x2x1 -> softmax/half:1x2x1 with softmax/2^31-1:1x1x1
  11 softmax/10: mul softmax/half:1x2x1 -> softmax/product:1x2x1 with softmax/-32/17:1x1x1
  12 softmax/11: add softmax/product:1x2x1 -> softmax/guess:1x2x1 with softmax/48/17:1x1x1
  13 softmax/12: mul softmax/guess:1x2x1 -> softmax/t0:1x2x1 with softmax/half:1x2x1
  14 softmax/13: sub softmax/t0:1x2x1 -> softmax/u0:1x2x1 with softmax/one:1x1x1
  15 softmax/14: mul softmax/guess:1x2x1 -> softmax/v0:1x2x1 with softmax/u0:1x2x1
  16 softmax/15: mul softmax/v0:1x2x1 -> softmax/w0:1x2x1 with softmax/4:1x1x1
  17 softmax/16: add softmax/guess:1x2x1 -> softmax/x0:1x2x1 with softmax/w0:1x2x1
  18 softmax/17: mul softmax/x0:1x2x1 -> softmax/t1:1x2x1 with softmax/half:1x2x1
  19 softmax/18: sub softmax/t1:1x2x1 -> softmax/u1:1x2x1 with softmax/one:1x1x1
  20 softmax/19: mul softmax/x0:1x2x1 -> softmax/v1:1x2x1 with softmax/u1:1x2x1
  21 softmax/20: mul softmax/v1:1x2x1 -> softmax/w1:1x2x1 with softmax/4:1x1x1
  22 softmax/21: add softmax/x0:1x2x1 -> softmax/x1:1x2x1 with softmax/w1:1x2x1
  23 softmax/22: mul softmax/x1:1x2x1 -> softmax/t2:1x2x1 with softmax/half:1x2x1
  24 softmax/23: sub softmax/t2:1x2x1 -> softmax/u2:1x2x1 with softmax/one:1x1x1
  25 softmax/24: mul softmax/x1:1x2x1 -> softmax/v2:1x2x1 with softmax/u2:1x2x1
  26 softmax/25: mul softmax/v2:1x2x1 -> softmax/w2:1x2x1 with softmax/4:1x1x1
  27 softmax/26: add softmax/x1:1x2x1 -> softmax/x2:1x2x1 with softmax/w2:1x2x1
  28 softmax/27: mul softmax/x2:1x2x1 -> softmax/factor:1x2x1 with softmax/2:1x1x1
  29 softmax/28: mul softmax/exp:1x2x10 -> softmax/result:1x2x10 with softmax/factor:1x2x1
  30 softmax/29: shr softmax/result:1x2x10 -> softmax:1x2x10 with softmax/shift:1x2x1
)");
}
