// A network with blocks and encoded weights, as plans begin with it.
#pragma once

#include <u65sim/compile_cache.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "compile/cache_counters.hpp"
#include "compile/passes.hpp"

namespace u65sim::test {

class Lowered {
public:
    /// Both must outlive this.
    Lowered(const Graph& graph, const Target& target, const CompileOptions& options = {}) {
        static_cast<compiler::CompileContext&>(program_) =
            compiler::make_context(target, options, cache_, counters_);
        program_.graph = &graph;
        for (const auto pass : {compiler::fold_constants, compiler::check_support,
                                compiler::split_segments, compiler::fuse, compiler::lower,
                                compiler::choose_blocks, compiler::encode_constants}) {
            pass(program_);
        }
    }
    [[nodiscard]] const compiler::Program& program() const { return program_; }

private:
    const CompileCache cache_;
    compiler::CacheCounters counters_;
    compiler::Program program_;
};

}  // namespace u65sim::test
