#include <u65sim/execute.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>

#include "machine/functional/checker.hpp"
#include "machine/functional/executor.hpp"
#include "machine/functional/scope.hpp"
#include "machine/functional/variables.hpp"
#include "target/architecture.hpp"

namespace u65sim {
namespace {

using machine::functional::Checker;
using machine::functional::Executor;
using machine::functional::Scope;
using machine::functional::ScopeContext;
using machine::functional::Variables;
using Buffer = std::vector<std::uint8_t>;

std::uint64_t size_of(const Tensor& tensor) {
    return static_cast<std::uint64_t>(stored_bytes(tensor));
}

/// One inference: the values of tensors outside of the NPU, and the NPU's memory.
class Run {
public:
    Run(const CompiledNetwork& network, const ExecuteOptions& options)
        : network_(network),
          options_(options),
          context_{network.graph, Variables{network.graph}, options.work_limit},
          scope_(context_, network.graph) {
        for (const Binding& binding : network.bindings) {
            bindings_[binding.tensor].push_back(binding);
        }
        const auto& tensors = network.graph.tensors;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (tensors[i].is_variable) variables_.push_back(static_cast<TensorId>(i));
        }
    }

    Execution operator()(const std::vector<Buffer>& inputs) {
        bind_inputs(inputs);
        bind_states();
        scope_.set_up();
        for (const CompiledNetwork::Step& step : network_.steps) {
            if (step.segment >= 0) {
                run_segment(static_cast<std::uint32_t>(step.segment));
            } else {
                scope_.run(
                    network_.graph.operators.at(static_cast<std::size_t>(step.graph_operator)));
            }
        }
        Execution result;
        for (const TensorId output : network_.graph.outputs) {
            result.outputs.push_back(scope_.has_value(output) ? scope_.value(output) : Buffer{});
        }
        for (const TensorId id : variables_) result.states.push_back(scope_.value(id));
        for (std::size_t i = 0; i < context_.variables.count(); ++i) {
            result.states.push_back(context_.variables.state(i));
        }
        result.findings = std::move(findings_);
        return result;
    }

private:
    [[nodiscard]] const Tensor& tensor(TensorId id) const { return scope_.tensor(id); }

    void bind_inputs(const std::vector<Buffer>& inputs) {
        const auto& wanted = network_.graph.inputs;
        if (inputs.size() != wanted.size()) {
            throw InvalidModel(fmt::format("{}: {} input tensors given: must be {}", network_.name,
                                           inputs.size(), wanted.size()));
        }
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const Tensor& input = tensor(wanted[i]);
            if (inputs[i].size() != size_of(input)) {
                throw InvalidModel(fmt::format("{}: input {} ({}) has {} bytes: must be {}",
                                               network_.name, i, input.name, inputs[i].size(),
                                               size_of(input)));
            }
            scope_.set(wanted[i], inputs[i]);
        }
    }

    /// Variable tensors, then resource variables.
    void bind_states() {
        const auto& states = options_.states;
        if (states.empty()) return;
        const std::size_t tensors = variables_.size();
        if (states.size() != tensors + context_.variables.count()) {
            throw InvalidModel(fmt::format("{}: {} states given: must be {}", network_.name,
                                           states.size(), tensors + context_.variables.count()));
        }
        const auto check = [&](std::size_t i, const std::string& name, std::uint64_t size) {
            if (states[i].size() == size) return;
            throw InvalidModel(fmt::format("{}: state {} ({}) has {} bytes: must be {}",
                                           network_.name, i, name, states[i].size(), size));
        };
        for (std::size_t i = 0; i < tensors; ++i) {
            check(i, tensor(variables_[i]).name, size_of(tensor(variables_[i])));
            scope_.set(variables_[i], states[i]);
        }
        for (std::size_t i = 0; i < context_.variables.count(); ++i) {
            const auto& state = states[tensors + i];
            if (state.empty()) continue;  // nothing was assigned
            if (const auto size = context_.variables.size(i)) {
                check(tensors + i, context_.variables.name(i), static_cast<std::uint64_t>(*size));
            }
            context_.variables.assign(i, state);
        }
        context_.keeps_variables = true;
    }

    /// Where a tensor stands in the NPU's memory while segment `index` runs.
    std::vector<Binding> places(TensorId id, std::uint32_t index) {
        std::vector<Binding> found;
        for (const Binding& place : bindings_[id]) {
            if (place.segment < 0 || place.segment == static_cast<std::int32_t>(index)) {
                found.push_back(place);
            }
        }
        if (found.empty()) {
            throw InvalidModel(fmt::format("{}: segment {}: tensor {} has no place in memory",
                                           network_.name, network_.segments[index].name,
                                           tensor(id).name));
        }
        return found;
    }

    Executor& executor(const Accelerator& accelerator) {
        if (!executor_) {
            executor_.emplace(accelerator, machine::functional::Limits{options_.work_limit});
            auto& memory = executor_->memory();
            memory.resize(region_arena, static_cast<std::uint64_t>(network_.arena_size.count()));
            memory.resize(region_fast, static_cast<std::uint64_t>(network_.fast_size.count()));
            if (options_.check) {
                checker_.emplace(memory, architecture(accelerator));
            }
        }
        return *executor_;
    }

    /// Region 0, from where this segment's begins.
    void load_constants(const NpuSegment& segment) {
        if (constants_begin_ == segment.constants_begin) return;
        constants_begin_ = segment.constants_begin;
        const auto& all = network_.constants;
        const auto begin =
            all.begin() + std::min<std::ptrdiff_t>(std::ssize(all), constants_begin_->count());
        executor_->memory().assign(region_constants, {begin, all.end()});
        if (checker_) checker_->replaced(region_constants);
    }

    void run_segment(std::uint32_t index) {
        const NpuSegment& segment = network_.segments.at(index);
        const auto commands = stream::decode(segment.stream.words, segment.stream.accelerator);
        Executor& npu = executor(segment.stream.accelerator);
        load_constants(segment);
        auto& memory = npu.memory();
        memory.set_place({0, 0, fmt::format("inputs of {}", segment.name)});
        memory.observe(nullptr);
        for (const TensorId id : segment.inputs) {
            const Buffer& bytes = scope_.value(id);
            for (const Binding& place : places(id, index)) {
                const auto offset = static_cast<std::uint64_t>(place.offset.count());
                std::copy(bytes.begin(), bytes.end(),
                          memory.write(place.region, offset, bytes.size()));
                if (checker_) checker_->written(place.region, offset, bytes.size());
            }
        }
        try {
            if (checker_) checker_->begin_segment(index, segment.labels);
            checker_ ? checker_->run(npu, commands) : npu.run(commands);
        } catch (const InvalidStream& error) {
            const std::string line = disassembled_line(segment.stream, memory.place().word_index);
            throw InvalidStream(fmt::format("{}: {}\n    {}", segment.name, error.what(), line));
        }
        if (checker_) {
            const auto found = checker_->take_findings();
            findings_.insert(findings_.end(), found.begin(), found.end());
        }
        memory.observe(nullptr);
        memory.set_place({0, 0, fmt::format("outputs of {}", segment.name)});
        for (const TensorId id : segment.outputs) {
            const Binding place = places(id, index).front();
            const std::uint64_t size = size_of(tensor(id));
            const std::uint8_t* from =
                memory.read(place.region, static_cast<std::uint64_t>(place.offset.count()), size);
            scope_.set(id, Buffer(from, from + size));
        }
    }

    const CompiledNetwork& network_;
    const ExecuteOptions& options_;
    std::map<TensorId, std::vector<Binding>> bindings_;
    std::vector<TensorId> variables_;  ///< tensors that keep their values
    ScopeContext context_;
    Scope scope_;
    std::optional<Executor> executor_;
    std::optional<Bytes> constants_begin_;  ///< of what region 0 holds
    std::optional<Checker> checker_;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(FindingKind kind) {
    switch (kind) {
        case FindingKind::unwritten_read:
            return "reads unwritten bytes";
        case FindingKind::missing_dma_wait:
            return "missing DMA_WAIT";
        case FindingKind::missing_kernel_wait:
            return "missing KERNEL_WAIT";
        case FindingKind::block_dependency:
            return "BLOCKDEP too large";
        case FindingKind::constant_write:
            return "writes constants";
        case FindingKind::overlapping_buffers:
            return "overlapping buffers";
    }
    return "?";
}

Execution execute(const CompiledNetwork& network, const Target& target,
                  const std::vector<std::vector<std::uint8_t>>& inputs,
                  const ExecuteOptions& options) {
    if (network.modelled_constants.count() > 0 && !has_modelled_weights(network.graph)) {
        throw NotExecutable(
            fmt::format("{}: its constants ({} bytes of region {}) were not given, so it cannot "
                        "compute: --weights FILE gives those of a bare stream",
                        network.name, network.modelled_constants.count(), region_constants));
    }
    if (network.modelled_constants.count() > 0) {
        throw NotExecutable(fmt::format(
            "{}: its weights are a model without values: draw_weights() before compiling",
            network.name));
    }
    for (const NpuSegment& segment : network.segments) {
        if (accelerator_name(segment.stream.accelerator) != accelerator_name(target.accelerator)) {
            throw InvalidStream(fmt::format("{}: a stream for {}: the target is {}", segment.name,
                                            accelerator_name(segment.stream.accelerator),
                                            accelerator_name(target.accelerator)));
        }
    }
    Execution result = Run{network, options}(inputs);
    if (options.check) {
        const auto overlaps = machine::functional::overlapping_placements(network.placements);
        result.findings.insert(result.findings.end(), overlaps.begin(), overlaps.end());
    }
    return result;
}

}  // namespace u65sim
