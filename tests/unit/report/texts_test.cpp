#include "report/texts.hpp"

#include <stdexcept>

#include <catch2/catch.hpp>

using u65sim::report::Texts;

namespace {

const Texts& sample() {
    static const Texts texts{
        "A line before the first name is nobody's.\n"
        "@ row\n| {name} | {share:.1f} % |\n"
        "@ page of two lines\n# Title\n\n{rows}\n\n"
        "@ empty\n"
        "@ last\nno line end"};
    return texts;
}

}  // namespace

TEST_CASE("Texts keep their lines, the last line end left out") {
    CHECK(sample().fill("row", fmt::arg("name", "a"), fmt::arg("share", 12.34)) ==
          "| a | 12.3 % |");
    CHECK(sample().fill("page of two lines", fmt::arg("rows", "one\n")) == "# Title\n\none\n\n");
    CHECK(sample().fill("empty").empty());
    CHECK(sample().fill("last") == "no line end");
}

TEST_CASE("Texts refuse a name they do not have and a place without a value") {
    CHECK_THROWS_AS(sample().fill("rows"), std::logic_error);
    CHECK_THROWS_AS(sample().fill("row", fmt::arg("name", "a")), fmt::format_error);
}
