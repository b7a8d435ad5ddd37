// A window's pairs of outputs and inputs along one axis.
#include <catch2/catch.hpp>

#include "bound/axis.hpp"

using namespace u65sim::bound;

TEST_CASE("Padding meets no product") {
    // Five outputs of a kernel of three: the first and the last one miss an input each.
    const Axis axis{.input = 5, .output = 5, .kernel = 3, .pad = 1};
    CHECK(pairs(axis, {0, 5}) == 13);
    CHECK(pairs(axis, {1, 4}) == 9);
    CHECK(pairs({.input = 9, .output = 9, .kernel = 3, .dilation = 4, .pad = 4}, {0, 9}) == 19);
}

TEST_CASE("Outputs need inputs that lie evenly, or none that can be told") {
    CHECK(needed_inputs({.input = 8, .output = 4, .kernel = 2, .stride = 2}, {0, 4}) ==
          Range{0, 8});
    CHECK(needed_inputs({.input = 9, .output = 4, .kernel = 2, .stride = 2}, {1, 4}) ==
          Range{2, 8});
    CHECK(needed_inputs({.input = 8, .output = 4, .kernel = 1, .stride = 2}, {0, 4}) ==
          Range{0, 7, 2});
    CHECK(needed_inputs({.input = 14, .output = 7, .kernel = 3, .pad = 1}, {0, 7, 2}) ==
          Range{0, 8});
    CHECK(needed_inputs({.input = 12, .output = 4, .kernel = 2, .stride = 3}, {0, 4}) ==
          Range{0, 11, 3, 2});
    // The first window lacks an element, so the first run is left out.
    CHECK(needed_inputs({.input = 9, .output = 3, .kernel = 3, .stride = 4, .pad = 1}, {0, 3}) ==
          Range{3, 9, 4, 3});
    CHECK(needed_inputs({.input = 30, .output = 3, .kernel = 2, .stride = 4, .dilation = 6},
                        {0, 3}) == Range{});
}

TEST_CASE("Windows that touch each other need all inputs between the first and the last one") {
    for (int kernel = 1; kernel <= 4; ++kernel) {
        for (int stride = 1; stride <= kernel; ++stride) {
            for (int pad = 0; pad < kernel; ++pad) {
                const Axis axis{
                    .input = 11, .output = 5, .kernel = kernel, .stride = stride, .pad = pad};
                const Range outputs{1, 4};
                const Range found = needed_inputs(axis, outputs);
                for (int input = 0; input < axis.input; ++input) {
                    bool wanted = false;
                    for (int out = outputs.begin; out < outputs.end; ++out) {
                        const int first = out * stride - pad;
                        wanted = wanted || (input >= first && input < first + kernel);
                    }
                    CAPTURE(kernel, stride, pad, input);
                    CHECK(found.has(input) == wanted);
                }
            }
        }
    }
}

TEST_CASE("A range counts the places that it has") {
    for (const Range& range :
         {Range{0, 11, 3, 2}, Range{3, 9, 4, 3}, Range{2, 7}, Range{5, 5}, Range{0, 7, 2}}) {
        int count = 0;
        for (int place = 0; place < 20; ++place) count += range.has(place) ? 1 : 0;
        CHECK(range.size() == count);
    }
    CHECK(needed_inputs({.input = 8, .output = 8, .kernel = 3, .dilation = 2, .pad = 2}, {0, 8}) ==
          Range{0, 8});
}

TEST_CASE("SAME pads less in front where the number is odd") {
    CHECK(same_padding({.input = 224, .output = 112, .kernel = 3, .stride = 2}) == 0);
    CHECK(same_padding({.input = 7, .output = 7, .kernel = 3}) == 1);
    CHECK(same_padding({.input = 7, .output = 7, .kernel = 1}) == 0);
}
