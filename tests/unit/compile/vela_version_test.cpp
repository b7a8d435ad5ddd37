// Versions of Vela, as texts name them.
#include <catch2/catch.hpp>
#include <u65sim/compile.hpp>

#include "compile/rules.hpp"

using namespace u65sim;

TEST_CASE("vela_version: texts set options, and other texts nothing") {
    CompileOptions options;
    CHECK(set_like_vela(options, "5.0"));
    CHECK(options.like_vela);
    CHECK(options.vela_version == VelaVersion::v5_0);
    CHECK(set_like_vela(options, "true"));
    CHECK(options.like_vela);
    CHECK(options.vela_version == VelaVersion::v5_2);
    for (const char* text : {"", "5", "5.1", "5.2.0", "5.0 ", "yes please"}) {
        CAPTURE(text);
        CompileOptions same = options;
        CHECK_FALSE(set_like_vela(same, text));
        CHECK(same == options);
    }
    CHECK(set_like_vela(options, "false"));
    CHECK(options == CompileOptions{});
    for (const VelaVersion version : {VelaVersion::v5_0, VelaVersion::v5_2}) {
        CHECK(set_like_vela(options, to_string(version)));
        CHECK(options.vela_version == version);
    }
}

TEST_CASE("vela_version: rules are ours without like_vela, whatever the version") {
    CompileOptions options;
    options.vela_version = VelaVersion::v5_0;
    const compiler::Rules ours = compiler::rules_of(options);
    CHECK(ours.concatenation == compiler::InPlace::all);
    CHECK_FALSE(ours.delivers_as_vela);
    CHECK_FALSE(ours.transposes_by_row);
    options.like_vela = true;
    CHECK(compiler::rules_of(options).concatenation == compiler::InPlace::none);
    CHECK_FALSE(compiler::rules_of(options).weights_before_maps);
    options.vela_version = VelaVersion::v5_2;
    CHECK(compiler::rules_of(options).concatenation == compiler::InPlace::unshared);
    CHECK(compiler::rules_of(options).weights_before_maps);
}
