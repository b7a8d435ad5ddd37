// Data through a compiled network.
#include <array>
#include <string>
#include <vector>

#include <u65sim/execute.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

/// Buffers: as many as `inputs` says, then the states. Replies with outputs, then states.
Reply run(const Request& request) {
    const auto& network = request.object<const CompiledNetwork>(0);
    const auto inputs = static_cast<std::size_t>(request.arguments.integer("inputs"));
    std::vector<std::vector<std::uint8_t>> given;
    ExecuteOptions options;
    options.check = request.arguments.flag("check");
    options.work_limit = request.arguments.long_integer("work_limit");
    for (std::size_t i = 0; i < request.buffers.size(); ++i) {
        (i < inputs ? given : options.states).push_back(request.bytes(i));
    }
    const Execution execution = execute(network, request.target(1), given, options);
    Reply reply;
    for (const auto* const group : {&execution.outputs, &execution.states}) {
        for (const auto& bytes : *group) reply.buffers.emplace_back(bytes.begin(), bytes.end());
    }
    Json findings = Json::array();
    for (const Finding& finding : execution.findings) {
        findings.push_back({{"kind", to_string(finding.kind)},
                            {"segment", finding.segment},
                            {"command_index", finding.command_index},
                            {"word_index", finding.word_index},
                            {"text", finding.text},
                            {"is_warning", is_warning(finding.kind)}});
    }
    reply.value = {{"outputs", execution.outputs.size()}, {"findings", std::move(findings)}};
    return reply;
}

}  // namespace

std::span<const Function> execute_functions() {
    static constexpr std::array functions{Function{"execute.run", run}};
    return functions;
}

}  // namespace u65sim::python
