#include "compile/foreign/bind_maps.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ir/npu_operator.hpp"
#include "target/architecture.hpp"

namespace u65sim::compiler {
namespace {

using namespace ir;

Bytes size_of(const Tensor& tensor) { return Bytes{stored_bytes(tensor)}; }

class Binder {
public:
    explicit Binder(CompiledNetwork& network) : network_(network) {}

    void run() {
        if (const Metadata* places = find_metadata(network_.graph, places_metadata)) {
            bind_each(*places);
        } else {
            bind_shared();
        }
    }

private:
    void note(std::string text) { add_note(network_.graph, std::move(text)); }

    [[nodiscard]] const Tensor& tensor_of(TensorId id) const {
        return network_.graph.tensors[static_cast<std::size_t>(id)];
    }

    /// The arena offset of every tensor, -1 for none; empty when the file does not say.
    [[nodiscard]] std::vector<std::int32_t> read_offsets() {
        const Metadata* metadata = find_metadata(network_.graph, offsets_metadata);
        if (!metadata) {
            note(
                fmt::format("the file lacks the metadata {}, which says where its tensors lie: "
                            "the network has a time, but cannot compute",
                            offsets_metadata));
            return {};
        }
        const std::vector<std::uint8_t>& bytes = metadata->bytes;
        std::vector<std::int32_t> values;
        for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
            std::uint32_t value = 0;
            for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
            values.push_back(static_cast<std::int32_t>(value));
        }
        // Version and number (others: index) of subgraphs, which runtimes do not look at; number
        // of offsets; then those of the first subgraph's tensors, of the second's and so on.
        constexpr std::ptrdiff_t head = 3;
        const auto count = static_cast<std::int64_t>(network_.graph.tensors.size());
        const auto known = static_cast<std::int64_t>(values.size()) - head;
        if (known < count || values[2] < count || values[2] > known ||
            (values[1] <= 1 && network_.graph.subgraphs.empty() && values[2] != count)) {
            note(
                fmt::format("the metadata {} does not give one offset to each tensor of each "
                            "subgraph ({} to the first one's): the network has a time, but "
                            "cannot compute",
                            offsets_metadata, count));
            return {};
        }
        return {values.begin() + head, values.begin() + head + count};
    }

    /// An operand that the runtime may put anywhere, as that of a TRANSPOSE_CONV's output shape, is
    /// none of the stream's.
    void drop_unplaced(NpuSegment& segment, const std::vector<std::int32_t>& offsets) {
        const auto is_placed = [&](TensorId id) {
            return offsets[static_cast<std::size_t>(id)] >= 0;
        };
        if (std::none_of(segment.outputs.begin(), segment.outputs.end(), is_placed)) return;
        std::erase_if(segment.inputs, [&](TensorId id) {
            if (is_placed(id)) return false;
            note(fmt::format(
                "operator '{}': its input '{}' has no place in the arena, so its "
                "command stream does not read it",
                segment.name, network_.graph.tensors[static_cast<std::size_t>(id)].name));
            return true;
        });
    }

    /// A runtime's arena takes all tensors, also those behind the end of the operator's own.
    void widen_arena(const Tensor& tensor, Bytes end) {
        const Target& target = network_.target;
        const bool in_sram = port_of_region(target.memory_mode, region_arena) == 0;
        if (end <= network_.arena_size) return;
        if (end > (in_sram ? target.sram.size : target.off_chip.size)) return;
        note(
            fmt::format("tensor '{}' ends at byte {} of an arena of {}: the arena is taken as wide",
                        tensor.name, end.count(), network_.arena_size.count()));
        network_.arena_size = end;
    }

    /// Every tensor has one place, in the arena that all operators share.
    void bind_shared() {
        const std::vector<std::int32_t> offsets = read_offsets();
        if (offsets.empty()) return;
        for (NpuSegment& segment : network_.segments) drop_unplaced(segment, offsets);
        std::vector<TensorId> crossing;
        for (const NpuSegment& segment : network_.segments) {
            crossing.insert(crossing.end(), segment.inputs.begin(), segment.inputs.end());
            crossing.insert(crossing.end(), segment.outputs.begin(), segment.outputs.end());
        }
        std::sort(crossing.begin(), crossing.end());
        crossing.erase(std::unique(crossing.begin(), crossing.end()), crossing.end());
        for (const TensorId id : crossing) {
            const Tensor& tensor = network_.graph.tensors[static_cast<std::size_t>(id)];
            const std::int64_t offset = offsets[static_cast<std::size_t>(id)];
            if (offset >= 0) widen_arena(tensor, Bytes{offset} + size_of(tensor));
            if (offset < 0 || Bytes{offset} + size_of(tensor) > network_.arena_size) {
                note(fmt::format(
                    "tensor '{}': {} bytes at offset {} do not lie within the arena of "
                    "{} bytes: the network has a time, but cannot compute",
                    tensor.name, size_of(tensor).count(), offset, network_.arena_size.count()));
                continue;
            }
            network_.bindings.push_back({id, region_arena, Bytes{offset}});
        }
    }

    /// Every operator has places of its own for its inputs and outputs.
    void bind_each(const Metadata& metadata) {
        const auto places = read_places(metadata.bytes);
        std::size_t wanted = 0;
        for (const NpuSegment& segment : network_.segments) {
            wanted += segment.inputs.size() + segment.outputs.size();
        }
        if (!places || places->size() != wanted) {
            note(
                fmt::format("the metadata {} does not give a place to each input and output of "
                            "each operator: the network has a time, but cannot compute",
                            places_metadata));
            return;
        }
        auto place = places->begin();
        for (std::size_t i = 0; i < network_.segments.size(); ++i) {
            const NpuSegment& segment = network_.segments[i];
            for (const auto* ids : {&segment.inputs, &segment.outputs}) {
                for (const TensorId id : *ids) bind(id, *place++, static_cast<std::int32_t>(i));
            }
        }
    }

    void bind(TensorId id, const MapPlace& place, std::int32_t segment) {
        const Tensor& tensor = tensor_of(id);
        const bool in_fast = place.region == region_fast;
        const Bytes memory = in_fast ? network_.fast_size : network_.arena_size;
        const bool is_memory = in_fast || place.region == region_arena;
        if (!is_memory || place.offset < 0 || Bytes{place.offset} + size_of(tensor) > memory) {
            note(
                fmt::format("tensor '{}': {} bytes at offset {} of region {} do not lie within "
                            "its {} bytes: the network has a time, but cannot compute",
                            tensor.name, size_of(tensor).count(), place.offset, place.region,
                            is_memory ? memory.count() : 0));
            return;
        }
        network_.bindings.push_back({id, place.region, Bytes{place.offset}, segment});
    }

    CompiledNetwork& network_;
};

}  // namespace

const Metadata* find_metadata(const Graph& graph, std::string_view name) {
    const auto found = std::find_if(graph.metadata.begin(), graph.metadata.end(),
                                    [&](const Metadata& each) { return each.name == name; });
    return found == graph.metadata.end() ? nullptr : &*found;
}

void add_note(Graph& graph, std::string text) {
    if (std::find(graph.notes.begin(), graph.notes.end(), text) == graph.notes.end()) {
        graph.notes.push_back(std::move(text));
    }
}

void bind_maps(CompiledNetwork& network) { Binder{network}.run(); }

}  // namespace u65sim::compiler
