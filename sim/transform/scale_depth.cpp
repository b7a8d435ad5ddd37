// More or fewer of the blocks that a network repeats.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "ir/operator_info.hpp"
#include "transform/weights_of.hpp"

namespace u65sim {
namespace {

/// Operators between two places where a single tensor carries everything.
struct Region {
    std::size_t begin = 0, end = 0;  ///< operators
    TensorId input = no_tensor, output = no_tensor;
    bool has_weights = false;
    bool repeatable = false;
};

bool only_reworks(OpType type) {
    constexpr std::array others{OpType::leaky_relu, OpType::prelu,      OpType::logistic,
                                OpType::tanh,       OpType::hard_swish, OpType::quantize,
                                OpType::pad};
    return ir::clamp_of(type) || std::find(others.begin(), others.end(), type) != others.end();
}

class Deepener {
public:
    explicit Deepener(const Graph& graph) : graph_(graph) { find_regions(); }

    Graph run(double factor) {
        for (std::size_t at = 0; at < regions_.size();) {
            if (!regions_[at].repeatable) {
                keep(regions_[at++]);
                continue;
            }
            std::size_t end = at;
            while (end < regions_.size() && regions_[end].repeatable) ++end;
            const bool has_leader = at > 0 && regions_[at - 1].has_weights;
            repeat(at, end, has_leader, factor);
            at = end;
        }
        Graph result = graph_;
        result.tensors = std::move(tensors_);
        result.operators = std::move(operators_);
        for (TensorId& output : result.outputs) output = now(output);
        drop_unused(result);
        verify(result);
        return result;
    }

private:
    const Tensor& tensor(TensorId id) const { return graph_.tensors[static_cast<std::size_t>(id)]; }

    void find_regions() {
        tensors_ = graph_.tensors;
        std::map<TensorId, std::size_t> last_use;
        for (std::size_t op = 0; op < graph_.operators.size(); ++op) {
            for (const TensorId id : graph_.operators[op].inputs) {
                if (id != no_tensor && !tensor(id).data) last_use[id] = op;
            }
        }
        for (const TensorId id : graph_.outputs) last_use[id] = graph_.operators.size();
        std::set<TensorId> live(graph_.inputs.begin(), graph_.inputs.end());
        TensorId input = live.size() == 1 ? *live.begin() : no_tensor;
        std::size_t begin = 0;
        for (std::size_t op = 0; op < graph_.operators.size(); ++op) {
            for (const TensorId id : graph_.operators[op].outputs) live.insert(id);
            std::erase_if(live, [&](TensorId id) {
                const auto used = last_use.find(id);
                return used == last_use.end() || used->second <= op;
            });
            const bool is_last = op + 1 == graph_.operators.size();
            if (!is_last && (live.size() != 1 || !may_end_behind(op))) continue;
            Region region{begin, op + 1, input, live.size() == 1 ? *live.begin() : no_tensor};
            for (std::size_t each = begin; each <= op; ++each) {
                region.has_weights |=
                    transform::weights_of(graph_, graph_.operators[each]).has_value();
            }
            region.repeatable = region.has_weights && region.input != no_tensor &&
                                region.output != no_tensor &&
                                tensor(region.input).shape == tensor(region.output).shape &&
                                tensor(region.input).type == tensor(region.output).type;
            regions_.push_back(region);
            begin = op + 1;
            input = region.output;
        }
    }

    /// A block does not end between a depthwise filter and what mixes its channels, nor in front of
    /// what only reworks its result.
    bool may_end_behind(std::size_t op) const {
        return graph_.operators[op].type != OpType::depthwise_conv_2d &&
               !only_reworks(graph_.operators[op + 1].type);
    }

    TensorId now(TensorId id) const {
        const auto found = moved_.find(id);
        return found == moved_.end() ? id : found->second;
    }

    void keep(const Region& region) {
        for (std::size_t at = region.begin; at < region.end; ++at) {
            Operator op = graph_.operators[at];
            for (TensorId& id : op.inputs) id = now(id);
            operators_.push_back(std::move(op));
        }
    }

    void repeat(std::size_t begin, std::size_t end, bool has_leader, double factor) {
        const std::size_t blocks = end - begin;
        const auto all = static_cast<double>(blocks + (has_leader ? 1 : 0));
        auto wanted = static_cast<std::size_t>(std::max(1L, std::lround(all * factor)));
        if (has_leader) --wanted;
        for (std::size_t at = 0; at < std::min(wanted, blocks); ++at) keep(regions_[begin + at]);
        TensorId end_of_run = wanted == 0
                                  ? now(regions_[begin].input)
                                  : now(regions_[begin + std::min(wanted, blocks) - 1].output);
        for (std::size_t extra = blocks; extra < wanted; ++extra) {
            end_of_run = copy(regions_[begin + extra % blocks], end_of_run, ++copies_);
        }
        moved_[regions_[end - 1].output] = end_of_run;
    }

    /// A block once more, its own weights included, reading `input`; its new output.
    TensorId copy(const Region& region, TensorId input, int number) {
        std::map<TensorId, TensorId> copied{{region.input, input}};
        const auto copy_of = [&](TensorId id) {
            if (id == no_tensor) return id;
            const auto found = copied.find(id);
            if (found != copied.end()) return found->second;
            Tensor made = tensor(id);
            made.name = fmt::format("{}/copy{}", made.name, number);
            const auto place = static_cast<TensorId>(tensors_.size());
            tensors_.push_back(std::move(made));
            copied[id] = place;
            return place;
        };
        for (std::size_t at = region.begin; at < region.end; ++at) {
            Operator op = graph_.operators[at];
            op.name = fmt::format("{}/copy{}", op.name, number);
            for (auto* list : {&op.inputs, &op.outputs, &op.intermediates}) {
                for (TensorId& id : *list) id = copy_of(id);
            }
            operators_.push_back(std::move(op));
        }
        return copied.at(region.output);
    }

    /// Tensors that nothing names any more go.
    static void drop_unused(Graph& graph) {
        std::vector<bool> used(graph.tensors.size());
        const auto visit = [&](const auto& change) {
            for (Operator& op : graph.operators) {
                for (auto* list : {&op.inputs, &op.outputs, &op.intermediates}) {
                    for (TensorId& id : *list) {
                        if (id != no_tensor) change(id);
                    }
                }
            }
            for (auto* list : {&graph.inputs, &graph.outputs}) {
                for (TensorId& id : *list) change(id);
            }
        };
        visit([&](TensorId& id) { used[static_cast<std::size_t>(id)] = true; });
        std::vector<TensorId> places(graph.tensors.size(), no_tensor);
        std::vector<Tensor> kept;
        for (std::size_t at = 0; at < used.size(); ++at) {
            if (!used[at]) continue;
            places[at] = static_cast<TensorId>(kept.size());
            kept.push_back(std::move(graph.tensors[at]));
        }
        visit([&](TensorId& id) { id = places[static_cast<std::size_t>(id)]; });
        graph.tensors = std::move(kept);
    }

    const Graph& graph_;
    std::vector<Region> regions_;
    std::vector<Tensor> tensors_;
    std::vector<Operator> operators_;
    std::map<TensorId, TensorId> moved_;  ///< ends of runs, and what stands there now
    int copies_ = 0;
};

}  // namespace

Graph scale_depth(const Graph& graph, double factor) {
    if (!(factor >= 0.01 && factor <= 16)) {
        throw InvalidModel(fmt::format("depth = {}: must be between 0.01 and 16", factor));
    }
    return Deepener{graph}.run(factor);
}

}  // namespace u65sim
