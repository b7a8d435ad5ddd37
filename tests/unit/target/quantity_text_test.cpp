#include "target/quantity_text.hpp"

#include <catch2/catch.hpp>

using namespace u65sim;

TEST_CASE("sizes are read exactly and written back in the largest whole unit") {
    CHECK(text::parse_bytes("384KiB") == Bytes{393216});
    CHECK(text::parse_bytes(" 1.5 MiB ") == Bytes{1572864});
    CHECK(text::parse_bytes("64 B") == Bytes{64});
    CHECK(text::parse_bytes("0") == Bytes{0});
    CHECK(text::parse_bytes("2GiB") == Bytes{std::int64_t{1} << 31});
    CHECK(text::format_bytes(Bytes{393216}) == "384KiB");
    CHECK(text::format_bytes(Bytes{1572864}) == "1536KiB");
    CHECK(text::format_bytes(Bytes{1000}) == "1000");
    for (const char* wrong : {"", "KiB", "1.0001KiB", "384KB", "-1", "1e3", "9999999999GiB",
                              "99999999999999999999", "1..5", "1 2"}) {
        CAPTURE(wrong);
        CHECK_FALSE(text::parse_bytes(wrong));
    }
}

TEST_CASE("clocks") {
    CHECK(text::parse_hertz("500MHz") == Hertz{500'000'000});
    CHECK(text::parse_hertz("1.2 GHz") == Hertz{1'200'000'000});
    CHECK(text::parse_hertz("500e6") == Hertz{500'000'000});
    CHECK(text::parse_hertz("1000000000") == Hertz{1'000'000'000});
    CHECK_FALSE(text::parse_hertz("fast"));
    CHECK_FALSE(text::parse_hertz("1e30"));
    CHECK_FALSE(text::parse_hertz("0.5"));
    CHECK(text::format_hertz(Hertz{1'250'000'000}) == "1250MHz");
}

TEST_CASE("rates stay exact fractions") {
    CHECK(text::parse_rate("3.75") == BytesPerCycle{15, 4});
    CHECK(text::parse_rate("16 B/cycle") == BytesPerCycle{16, 1});
    CHECK(text::parse_rate("1/3") == BytesPerCycle{1, 3});
    CHECK(text::format_rate(BytesPerCycle{15, 4}) == "3.75");
    CHECK(text::format_rate(BytesPerCycle{1, 3}) == "1/3");
    CHECK(text::format_rate(BytesPerCycle{1, 32}) == "0.03125");
    CHECK(text::format_rate(BytesPerCycle{}) == "0");
    for (const char* wrong : {"", "-1", "1/0", "1/-2", "x", "3.75 B", "1e2"}) {
        CAPTURE(wrong);
        CHECK_FALSE(text::parse_rate(wrong));
    }
}
