// Operators whose results are known before anything runs become constants: chains that work out a
// shape from static shapes, and whatever reads constants alone.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arith/known_results.hpp"
#include "compile/lower/operators.hpp"
#include "compile/passes.hpp"
#include "ir/builtins.hpp"

namespace u65sim::compiler {

namespace {

/// What all results together may take: this much, and so many times the network's constants. Each
/// operator of a chain may outgrow its operand, and a small file could ask for anything.
constexpr std::int64_t least_room = std::int64_t{16} << 20;
constexpr std::int64_t most_growth = 8;

std::size_t at(TensorId id) { return static_cast<std::size_t>(id); }

class Folder {
public:
    explicit Folder(const Graph& graph) : graph_(graph), is_output_(graph.tensors.size()) {
        for (const TensorId id : graph.outputs) is_output_[at(id)] = true;
        for (const Tensor& tensor : graph.tensors) {
            if (tensor.data) room_ += most_growth * tensor.data.size();
        }
    }

    /// The graph without what was folded; null when nothing was.
    std::shared_ptr<const Graph> run(std::vector<std::string>& lines) {
        for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
            const Operator& op = graph_.operators[i];
            if (!may_fold(op) || !fold(op)) continue;
            folded_.resize(graph_.operators.size());
            folded_[i] = true;
            lines.push_back(line(op));
        }
        if (!copy_) return nullptr;
        std::size_t next = 0;
        std::erase_if(copy_->operators, [&](const Operator&) { return folded_[next++]; });
        drop_idle_constants();
        return copy_;
    }

private:
    [[nodiscard]] const Graph& now() const { return copy_ ? *copy_ : graph_; }
    [[nodiscard]] const Tensor& tensor(TensorId id) const { return now().tensors[at(id)]; }

    [[nodiscard]] bool may_fold(const Operator& op) const {
        // The network's interface stays as it is.
        return std::none_of(op.outputs.begin(), op.outputs.end(),
                            [&](TensorId id) { return is_output_[at(id)]; });
    }

    bool fold(const Operator& op) {
        auto results = arith::known_results(now(), op, room_);
        if (!results) return false;
        if (!copy_) copy_ = std::make_shared<Graph>(graph_);
        for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            room_ -= static_cast<std::int64_t>((*results)[i].size());
            copy_->tensors[at(op.outputs[i])].data = ConstantData{std::move((*results)[i])};
        }
        return true;
    }

    [[nodiscard]] std::string line(const Operator& op) const {
        std::string text = fmt::format("{} {}: folded", ir::kind_name(op), op.name);
        for (const TensorId id : op.outputs) {
            const Tensor& output = tensor(id);
            text += fmt::format(", {} {}", to_string(output.shape), to_string(output.type));
            if (output.type != ElementType::int32 || output.data.size() > 32) continue;
            text += fmt::format(" [{}]", fmt::join(integers(output), ", "));
        }
        return text;
    }

    /// Constants that nobody reads any more need no bytes.
    void drop_idle_constants() {
        std::vector<bool> used = is_output_;
        for (const Operator& op : copy_->operators) {
            for (const auto* ids : {&op.inputs, &op.intermediates}) {
                for (const TensorId id : *ids) {
                    if (id != no_tensor) used[at(id)] = true;
                }
            }
        }
        for (std::size_t id = 0; id < used.size(); ++id) {
            if (!used[id]) copy_->tensors[id].data = {};
        }
    }

    const Graph& graph_;
    std::shared_ptr<Graph> copy_;
    std::vector<bool> is_output_;
    std::vector<bool> folded_;
    std::int64_t room_ = least_room;  ///< bytes that further results may take
};

}  // namespace

void fold_constants(Program& program) {
    if (!program.takes(Pass::fold_constants)) return;
    if (auto folded = Folder{*program.graph}.run(program.folded)) {
        verify(*folded);
        program.folded_graph = std::move(folded);
        program.graph = program.folded_graph.get();
    }
    dilate_windows(program);
}

std::string dump_folded(const Program& program) {
    std::string out;
    for (const std::string& line : program.folded) out += line + '\n';
    out += fmt::format("{} operators are left\n", program.graph->operators.size());
    return out;
}

}  // namespace u65sim::compiler
