// The short road for plain maps and YAML's own give the same.
#include <string>

#include <yaml-cpp/yaml.h>
#include <catch2/catch.hpp>

#include "config/embedded.hpp"
#include "config/plain_map.hpp"

using namespace u65sim;

TEST_CASE("an embedded file that is a plain map holds what YAML finds in it") {
    int plain = 0;
    for (const config::EmbeddedFile& file : config::embedded_files()) {
        const auto map = config::read_plain_map(file.text);
        if (!map) continue;
        ++plain;
        INFO(file.stem);
        CHECK(YAML::Dump(*map) == YAML::Dump(YAML::Load(std::string(file.text))));
    }
    // The presets, at least, and the memories they are based on.
    CHECK(plain >= 10);
    for (const char* preset : {"u65-256", "u65-512", "u55-128"}) {
        INFO(preset);
        CHECK(config::read_plain_map(config::find_preset(preset)->text));
    }
}

TEST_CASE("a plain map may be indented, commented and nested") {
    const std::string text = "# first\na: 1GHz\n\nb:\n   c: x y\n   # inside\n   d: 3.75\ne: last";
    const auto map = config::read_plain_map(text);
    REQUIRE(map);
    CHECK(YAML::Dump(*map) == YAML::Dump(YAML::Load(text)));
}

TEST_CASE("a text that may mean more than a plain map is left to YAML") {
    for (const char* text : {"",
                             "# nothing",
                             "a",
                             "a:",
                             "a: ",
                             "a:b",
                             "a: null",
                             "a: ~",
                             "a: 'x'",
                             "a: {b: 1}",
                             "a: [1]",
                             "a: x # comment",
                             "a: x: y",
                             "- a: 1",
                             "a:\nb: 1",
                             "a: 1\n  more",
                             "a: 1\n b: 2",
                             "a:\n  b: 1\n c: 2",
                             " a: 1\nb: 2",
                             "a: |\n  x",
                             "\ta: 1",
                             "a: 1\r\nb: 2",
                             "a: *b",
                             "? a\n: b",
                             "---\na: 1",
                             "a: \"x\"",
                             "'a': 1",
                             "a : 1"}) {
        INFO(text);
        CHECK_FALSE(config::read_plain_map(text));
    }
}
