#include "corpus/roads.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/files.hpp>
#include <u65sim/network.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/study.hpp>
#include <u65sim/target.hpp>

namespace u65sim::corpus {

namespace {

/// Multiplications and bytes up to which a network is executed as well.
constexpr std::int64_t quick = 1'000'000;

bool is_quick(const CompiledNetwork& network) {
    std::int64_t bytes = network.arena_size.count() + network.fast_size.count();
    for (const Tensor& tensor : network.graph.tensors) {
        if (tensor.data) continue;
        const std::int64_t elements = element_count(tensor.shape);
        if (elements > quick) return false;
        bytes += elements * 8;
    }
    return network.macs.count() <= quick && bytes <= 16 * quick;
}

Outcome execute_quickly(const CompiledNetwork& network, const Target& target) {
    if (!is_quick(network)) return Outcome::too_large;
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : network.graph.inputs) {
        const Tensor& tensor = network.graph.tensors[static_cast<std::size_t>(id)];
        inputs.emplace_back(
            static_cast<std::size_t>(element_count(tensor.shape) * element_bytes(tensor.type)),
            std::uint8_t{3});
    }
    static_cast<void>(execute(network, target, inputs, {.check = true, .states = {}}));
    return Outcome::answered;
}

Outcome take_graph(const Graph& graph, const Target& target) {
    Outcome outcome = Outcome::refused;
    try {
        const CompiledNetwork network =
            is_compiled(graph) ? import_compiled(graph, target) : compile(graph, target);
        SimulateOptions options;
        options.backend = SimulationBackend::direct;
        options.cycle_limit = Cycles{20'000'000};
        outcome = Outcome::not_executed;
        const Report report = make_report(network, target, simulate(network, target, options),
                                          lower_bound(network, target));
        static_cast<void>(report.to_text());
        static_cast<void>(report.to_json());
        static_cast<void>(report.to_csv());
        outcome = execute_quickly(network, target);
    } catch (const DoesNotFit&) {
        return Outcome::too_large;
    } catch (const Error&) {
        return outcome;
    } catch (const QuantityOverflow&) {
        return outcome;
    }
    return outcome;
}

}  // namespace

Outcome take_model(const std::vector<std::uint8_t>& bytes) {
    static const std::vector<Target> targets{Target::preset("u65-256"), Target::preset("u65-512"),
                                             Target::preset("u55-128")};
    try {
        auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), copy.get());
        const Graph graph = read_network({std::move(copy), bytes.size()}, "input.tflite");
        static_cast<void>(dump(graph));
        Outcome best = Outcome::refused;
        for (const Target& target : targets) best = std::max(best, take_graph(graph, target));
        return best;
    } catch (const Error&) {
        return Outcome::refused;
    } catch (const QuantityOverflow&) {
        return Outcome::refused;
    }
}

Outcome take_text(std::string_view text) {
    Outcome best = Outcome::refused;
    const auto attempt = [&](auto step) {
        try {
            step();
        } catch (const Error&) {
            return;
        } catch (const QuantityOverflow&) {
            return;
        }
        best = Outcome::answered;
    };
    attempt([&] {
        static const Target target = Target::preset("u65-256");
        const Graph graph = read_yaml_graph(text, "input.yaml");
        if (take_graph(graph, target) == Outcome::refused) throw InvalidModel("refused");
    });
    attempt([&] { Target::from_yaml_text(text, "input.yaml").validate(); });
    attempt([&] { static_cast<void>(Study::read_text(text, "input.yaml").hash()); });
    return best;
}

}  // namespace u65sim::corpus
