// Which passes an option set takes, and where it stops.
#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "compile/pass.hpp"

using namespace u65sim;
using compiler::Pass;

namespace {

bool takes(const CompileOptions& options, Pass pass) {
    return compiler::passes_of(options).test(static_cast<std::size_t>(pass));
}

}  // namespace

TEST_CASE("without options every pass is taken") {
    CHECK(compiler::passes_of({}).all());
    CHECK_FALSE(compiler::last_pass({}));
}

TEST_CASE("each optional pass can be left out, and nothing else with it") {
    for (const compiler::PassInfo& info : compiler::pass_infos) {
        CompileOptions options;
        options.without = {std::string{info.name}};
        INFO(info.name);
        if (!info.is_optional) {
            CHECK_THROWS_AS(compiler::passes_of(options), InvalidConfig);
            continue;
        }
        const compiler::PassSet taken = compiler::passes_of(options);
        CHECK_FALSE(taken.test(static_cast<std::size_t>(info.pass)));
        CHECK(taken.count() == compiler::pass_count - 1);
    }
}

TEST_CASE("Vela folds no columns, copies no maps and refines no blocks, but brings weights") {
    CompileOptions options;
    options.like_vela = true;
    CHECK_FALSE(takes(options, Pass::fold_columns));
    CHECK_FALSE(takes(options, Pass::copy_maps));
    CHECK_FALSE(takes(options, Pass::refine_blocks));
    CHECK(takes(options, Pass::stream_weights));
    CHECK(compiler::passes_of(options).count() == compiler::pass_count - 3);
    options.without = {"refine_blocks", "fuse"};
    CHECK(compiler::passes_of(options).count() == compiler::pass_count - 4);
}

TEST_CASE("a pass to stop behind is found by its name") {
    for (const compiler::PassInfo& info : compiler::pass_infos) {
        CompileOptions options;
        options.dump_after = std::string{info.name};
        CHECK(compiler::last_pass(options) == info.pass);
        CHECK(compiler::passes_of(options).all());
    }
    CompileOptions options;
    options.dump_after = "refine";
    CHECK_THROWS_WITH(compiler::last_pass(options), Catch::Contains("refine_blocks"));
    CHECK_THROWS_AS(compiler::passes_of(options), InvalidConfig);
}
