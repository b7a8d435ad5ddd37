// Networks from networks.
#include <array>
#include <string>

#include <u65sim/transform.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Reply width(const Request& request) {
    const Arguments& given = request.arguments;
    return graph_reply(scale_width(request.graph(0), given.number("factor"), given.texts("keep"),
                                   given.integer("divisor")));
}

Reply channels(const Request& request) {
    const Arguments& given = request.arguments;
    return graph_reply(prune_channels(request.graph(0), given.number("share"), given.texts("keep"),
                                      given.integer("divisor")));
}

Reply resolution(const Request& request) {
    return graph_reply(scale_resolution(request.graph(0), request.arguments.integer("height")));
}

Reply depth(const Request& request) {
    return graph_reply(scale_depth(request.graph(0), request.arguments.number("factor")));
}

Reply blocks(const Request& request) {
    const Arguments& given = request.arguments;
    const auto kind =
        given.one_of("kind", {BlockKind::depthwise, BlockKind::fused, BlockKind::ghost,
                              BlockKind::blueprint, BlockKind::grouped, BlockKind::pooling});
    return graph_reply(substitute_blocks(request.graph(0), kind, given.integer("group_width"),
                                         given.seed("seed")));
}

Reply schedule(const Request& request) {
    const auto chosen = request.arguments.one_of(
        "schedule", {SparsitySchedule::uniform, SparsitySchedule::log_parameters});
    return {sparsity_schedule(request.graph(0), request.arguments.number("share"), chosen), {}, {}};
}

Reply weights(const Request& request) {
    return graph_reply(prune_weights(request.graph(0), request.arguments.numbers("shares")));
}

Reply pattern(const Request& request) {
    return graph_reply(prune_pattern(request.graph(0), request.arguments.integer("kept"),
                                     request.arguments.integer("group")));
}

Reply clusters(const Request& request) {
    return graph_reply(cluster_weights(request.graph(0), request.arguments.integer("clusters")));
}

Reply weight_bits(const Request& request) {
    return graph_reply(limit_weight_bits(request.graph(0), request.arguments.integer("bits")));
}

Reply activation_bits(const Request& request) {
    return graph_reply(widen_activations(request.graph(0), request.arguments.integer("bits")));
}

}  // namespace

std::span<const Function> transform_functions() {
    static constexpr std::array functions{
        Function{"transform.scale_width", width},
        Function{"transform.prune_channels", channels},
        Function{"transform.scale_resolution", resolution},
        Function{"transform.scale_depth", depth},
        Function{"transform.substitute_blocks", blocks},
        Function{"transform.sparsity_schedule", schedule},
        Function{"transform.prune_weights", weights},
        Function{"transform.prune_pattern", pattern},
        Function{"transform.cluster_weights", clusters},
        Function{"transform.limit_weight_bits", weight_bits},
        Function{"transform.widen_activations", activation_bits},
    };
    return functions;
}

}  // namespace u65sim::python
