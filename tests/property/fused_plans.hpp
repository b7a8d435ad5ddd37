// Operators that were fused compute what they compute one by one.
#pragma once

#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>
#include <u65sim/bound.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/simulate.hpp>

namespace u65sim::property {

/// Checks outputs, the checker's findings and the lower bound; whether fusing left fewer words of
/// commands.
inline bool fuses_exactly(const Graph& graph, const Target& target,
                          const std::vector<std::uint8_t>& input) {
    CompileOptions apart;
    apart.without = {"fuse"};
    const CompiledNetwork one_by_one = compile(graph, target, apart);
    const CompiledNetwork fused = compile(graph, target);
    const Execution wanted = execute(one_by_one, target, {input}, {.check = true});
    const Execution got = execute(fused, target, {input}, {.check = true});
    CHECK(got.outputs == wanted.outputs);
    CHECK(got.findings.empty());
    CHECK(lower_bound(fused, target).cycles <= simulate(fused, target).total);
    return fused.segments.at(0).stream.words.size() < one_by_one.segments.at(0).stream.words.size();
}

}  // namespace u65sim::property
