// What the compiler makes of a small network: the text behind a pass, and the kernels of the
// stream.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <u65sim/compile.hpp>

#include "networks.hpp"
#include "stream/operation.hpp"

namespace u65sim::test {

/// The text behind a pass, as `u65sim compile --dump-after` prints it.
inline std::string dump_after(const char* pass, const Graph& graph,
                              const Target& target = test::target(),
                              const std::vector<std::string>& without = {}) {
    CompileOptions options;
    options.dump_after = pass;
    options.without = without;
    return compile(graph, target, options).pass_dump;
}

/// Options to follow Vela.
inline CompileOptions as_vela(VelaVersion version = VelaVersion::v5_2) {
    CompileOptions options;
    options.like_vela = true;
    options.vela_version = version;
    return options;
}

/// Those lines of a text that have a word.
inline std::string lines_with(const std::string& text, std::string_view word) {
    std::string found;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at) + 1;
        const std::string line = text.substr(at, end - at);
        if (line.find(word) != std::string::npos) found += line;
        at = end;
    }
    return found;
}

/// All kernels of a network's streams, in order.
inline std::vector<stream::KernelOp> kernels_of(const CompiledNetwork& network) {
    std::vector<stream::KernelOp> kernels;
    for (const NpuSegment& segment : network.segments) {
        for (const stream::Command& command :
             stream::decode(segment.stream.words, network.target.accelerator)) {
            if (const auto* kernel = std::get_if<stream::KernelOp>(&command.action)) {
                kernels.push_back(*kernel);
            }
        }
    }
    return kernels;
}

}  // namespace u65sim::test
