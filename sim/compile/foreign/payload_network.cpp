#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <u65sim/bare_stream.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>

#include "compile/emit/hazards.hpp"
#include "ir/npu_operator.hpp"
#include "stream/operation.hpp"

namespace u65sim {
namespace {

using compiler::Accesses;
using compiler::accesses_of;
using compiler::MemoryRange;

constexpr std::size_t regions = 3;

/// Runs of bytes of one region, sorted and apart.
class Runs {
public:
    using Run = std::pair<std::uint64_t, std::uint64_t>;

    void add(std::uint64_t begin, std::uint64_t end) {
        if (begin >= end) return;
        auto first = std::find_if(runs_.begin(), runs_.end(),
                                  [&](const Run& run) { return run.second >= begin; });
        auto last = first;
        for (; last != runs_.end() && last->first <= end; ++last) {
            begin = std::min(begin, last->first);
            end = std::max(end, last->second);
        }
        runs_.insert(runs_.erase(first, last), {begin, end});
    }
    /// Adds what of this range is not in `known`.
    void add_new(std::uint64_t begin, std::uint64_t end, const Runs& known) {
        for (const Run& run : known.runs_) {
            if (run.second <= begin) continue;
            if (run.first >= end) break;
            add(begin, run.first);
            begin = std::min(run.second, end);
        }
        add(begin, end);
    }
    [[nodiscard]] const std::vector<Run>& all() const { return runs_; }

private:
    std::vector<Run> runs_;
};

/// What a stream takes from the arena and leaves there, and how much memory it touches.
class Survey {
public:
    explicit Survey(const CommandStream& stream) {
        const Architecture arch = architecture(stream.accelerator);
        for (const stream::Command& command : stream::decode(stream.words, stream.accelerator)) {
            place_ = command.word_index;
            if (const auto* kernel = std::get_if<stream::KernelOp>(&command.action)) {
                note(accesses_of(*kernel, arch));
            } else if (const auto* dma = std::get_if<stream::DmaOp>(&command.action)) {
                note(accesses_of(*dma));
            }
        }
        for (const MemoryRange& map : unread_) outputs_.add(map.begin, map.end);
    }
    [[nodiscard]] Bytes size(int region) const {
        return Bytes{static_cast<std::int64_t>(ends_[static_cast<std::size_t>(region)])};
    }
    [[nodiscard]] const Runs& inputs() const { return inputs_; }
    [[nodiscard]] const Runs& outputs() const { return outputs_; }

private:
    void note(const Accesses& accesses) {
        for (const MemoryRange& range : accesses.reads) {
            check(range);
            if (range.region != region_arena) continue;
            inputs_.add_new(range.begin, range.end, written_);
            forget(range);
        }
        for (const MemoryRange& range : accesses.writes) {
            check(range);
            if (range.region != region_arena) continue;
            written_.add(range.begin, range.end);
            forget(range);
            unread_.push_back(range);
        }
    }
    void forget(const MemoryRange& range) {
        std::erase_if(unread_, [&](const MemoryRange& map) { return map.meets(range); });
    }
    void check(const MemoryRange& range) {
        if (range.region == MemoryRange::shram) return;
        if (range.region < 0 || static_cast<std::size_t>(range.region) >= regions) {
            throw InvalidStream(fmt::format(
                "word {}: region {}: must be 0 (constants), 1 (arena) or 2 (fast memory)", place_,
                range.region));
        }
        constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
        if (range.end < range.begin || range.end > limit) {
            throw InvalidStream(
                fmt::format("word {}: bytes {:#x} to {:#x} of region {}: must lie below 2 GiB",
                            place_, range.begin, range.end, range.region));
        }
        auto& end = ends_[static_cast<std::size_t>(range.region)];
        end = std::max(end, range.end);
    }

    std::uint32_t place_ = 0;
    std::array<std::uint64_t, regions> ends_{};
    Runs inputs_, outputs_, written_;
    std::vector<MemoryRange> unread_;  ///< maps that nobody has read or overwritten so far
};

}  // namespace

CommandStream read_stream(const std::vector<std::uint8_t>& bytes, const Accelerator& accelerator) {
    constexpr std::string_view magic = "COP1";
    if (bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin())) {
        CommandStream stream = parse_payload(bytes);
        stream.accelerator.clock = accelerator.clock;
        return stream;
    }
    if (bytes.empty() || bytes.size() % 4 != 0) {
        throw InvalidStream(
            fmt::format("{} bytes of words: must be a multiple of 4 above 0", bytes.size()));
    }
    CommandStream stream{accelerator, {}};
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        std::uint32_t word = 0;
        for (std::size_t i = 4; i-- > 0;) word = word << 8 | bytes[at + i];
        stream.words.push_back(word);
    }
    return stream;
}

Graph payload_network(const CommandStream& stream, std::vector<std::uint8_t> constants,
                      std::string_view name, const RegionSizes& sizes) {
    const Survey survey{stream};
    const auto given = static_cast<std::int64_t>(constants.size());
    const auto size = [&](int region) {
        const Bytes touched = survey.size(region);
        const auto& wanted = sizes.at(static_cast<std::size_t>(region));
        if (wanted && touched > *wanted) {
            throw InvalidStream(
                fmt::format("{}: touches region {} up to byte {}: it was given a size of {}", name,
                            region, touched.count(), wanted->count()));
        }
        return wanted.value_or(touched);
    };
    const Bytes wanted = size(region_constants);
    if (given > 0 && wanted.count() > given) {
        throw InvalidStream(
            fmt::format("{}: reads constants (region 0) up to byte {}: {} bytes of them were given",
                        name, wanted.count(), given));
    }
    CompiledNetwork network;
    network.name = network.graph.name = name;
    network.constants = std::move(constants);
    network.arena_size = size(region_arena);
    network.fast_size = size(region_fast);
    NpuSegment segment;
    segment.name = name;
    segment.stream = stream;
    const auto tensors = [&](const Runs& runs, const char* role, std::vector<TensorId>& of_segment,
                             std::vector<TensorId>& of_graph) {
        for (const auto& [begin, end] : runs.all()) {
            Tensor tensor;
            tensor.name = fmt::format("{}@{:#x}", role, begin);
            tensor.type = ElementType::uint8;
            tensor.shape = {static_cast<std::int32_t>(end - begin)};
            const auto id = static_cast<TensorId>(network.graph.tensors.size());
            network.graph.tensors.push_back(std::move(tensor));
            network.bindings.push_back({id, region_arena, Bytes{static_cast<std::int64_t>(begin)}});
            of_segment.push_back(id);
            of_graph.push_back(id);
        }
    };
    tensors(survey.inputs(), "input", segment.inputs, network.graph.inputs);
    tensors(survey.outputs(), "output", segment.outputs, network.graph.outputs);
    network.segments.push_back(std::move(segment));
    network.steps.push_back({0, -1, -1});
    Graph graph = export_compiled(network);
    // Somebody else made the stream.
    graph.description.clear();
    std::erase_if(graph.metadata,
                  [](const Metadata& each) { return each.name == ir::own_metadata; });
    if (given == 0 && wanted.count() > 0) {
        const TensorId id = graph.operators.at(0).inputs.at(ir::constants_operand);
        Tensor& unknown = graph.tensors.at(static_cast<std::size_t>(id));
        unknown.data = {};
        unknown.shape = {static_cast<std::int32_t>(wanted.count())};
    }
    return graph;
}

}  // namespace u65sim
