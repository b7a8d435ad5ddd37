#include <string>

#include <catch2/catch.hpp>

#include <u65sim/text.hpp>

using namespace u65sim;

TEST_CASE("What a terminal would act on becomes a question mark, all else stays") {
    CHECK(printable("conv_1/Größe \u6C34 \U0001F600") == "conv_1/Größe \u6C34 \U0001F600");
    CHECK(printable("\x1B[31mred\a") == "?[31mred?");
    CHECK(printable("a\nb\tc\rd\x7F") == "a?b?c?d?");
    CHECK(printable("\u009B31m") == "?31m");  // C1 as UTF-8
    CHECK(printable("\x9B"
                    "31m") == "?31m");  // C1 as a byte
    CHECK(printable("\u0085\u2028\u202E\u2066\uFEFF") == "?????");
    CHECK(printable("\xC0\xAF \xED\xA0\x80 \xF5") == "?? ??? ?");  // overlong, surrogate, beyond
    CHECK(printable("\xE2\x82") == "??");                          // cut off
    CHECK(printable("") == "");
}

TEST_CASE("Lines stay lines where they are wanted") {
    CHECK(printable_lines("a\n\tb\r\n\x1B") == "a\n\tb?\n?");
}

TEST_CASE("One character among many that stay is seen wherever it stands") {
    const std::string plain = "forty characters, of which none may act.";
    for (int code = 0; code < 0x80; ++code) {
        const auto c = static_cast<char>(code);
        const bool is_plain = code >= 0x20 && code < 0x7F;
        for (std::size_t at = 0; at <= plain.size(); ++at) {
            std::string text = plain;
            std::string with_lines = text.insert(at, 1, c);
            std::string expected = text;
            if (!is_plain) expected[at] = '?';
            CHECK(printable(text) == expected);
            if (!is_plain && c != '\n' && c != '\t') with_lines[at] = '?';
            CHECK(printable_lines(text) == with_lines);
        }
    }
}
