#include "compile/lowering_passes.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "compile/passes.hpp"

namespace u65sim::compiler {

namespace {

std::string dump_columns(const Program& program) {
    return dump_reasons(program, "no convolution has a choice");
}

struct LoweringPass {
    Pass pass;
    void (*run)(Program&);  ///< null: made by the pass before
    std::string (*dump)(const Program&);
};
constexpr LoweringPass lowering_passes[] = {
    {Pass::fold_constants, fold_constants, dump_folded},
    {Pass::check_support, check_support, dump_decisions},
    {Pass::split_segments, split_segments, dump_decisions},
    {Pass::fuse, fuse, dump_decisions},
    {Pass::lower, lower, dump_operations},
    {Pass::fold_columns, nullptr, dump_columns},
    {Pass::choose_blocks, choose_blocks, dump_operations},
    {Pass::encode_constants, encode_constants, dump_operations},
};

}  // namespace

Program begin_again(const Program& program, const Graph* graph) {
    Program again;
    static_cast<CompileContext&>(again) = program;
    again.graph = graph;
    again.refusals = program.refusals;
    return again;
}

bool has_same_forms(const Program& a, const Program& b) {
    const auto same = [](const NpuOp& x, const NpuOp& y) {
        return x.name == y.name && x.kernel == y.kernel && x.ifm.buffer == y.ifm.buffer &&
               x.ifm.extent == y.ifm.extent && x.ofm.buffer == y.ofm.buffer &&
               x.ofm.extent == y.ofm.extent;
    };
    return std::ranges::equal(a.segments, b.segments, [&](const Segment& x, const Segment& y) {
        return std::ranges::equal(x.ops, y.ops, same);
    });
}

std::optional<std::string> run_lowering_passes(Program& program, std::optional<Pass> last) {
    const Graph* const graph = program.graph;
    for (std::size_t i = 0; i < std::size(lowering_passes); ++i) {
        const LoweringPass& pass = lowering_passes[i];
        const std::size_t refused = program.refusals.size();
        if (pass.run != nullptr) pass.run(program);
        if (program.refusals.size() != refused) {
            program = begin_again(program, graph);
            i = static_cast<std::size_t>(-1);
            continue;
        }
        if (last == pass.pass) return pass.dump(program);
    }
    return std::nullopt;
}

}  // namespace u65sim::compiler
