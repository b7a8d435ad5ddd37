#include "frontend/npz/reader.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/compiled_graph.hpp"
#include "frontend/npz/npy_array.hpp"
#include "frontend/npz/zip_archive.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t constants_region = 0, arena_region = 1, fast_region = 2;

class Reader {
public:
    Reader(std::span<const std::uint8_t> bytes, std::string_view name)
        : archive_(bytes, name), name_(name) {}

    Graph read() {
        for (const char* const member : {"cmd_data", "weight_data", "scratch_shape"}) {
            if (!archive_.holds(file_of(member))) {
                fail(fmt::format("holds no '{}': an .npz must be Vela's (--output-format raw)",
                                 file_of(member)));
            }
        }
        graph_.name = name_;
        graph_.description = "Vela, raw output";
        CompiledPart part;
        part.name = "npu";
        part.payload = array("cmd_data").bytes();
        part.constants = array("weight_data").bytes();
        if (part.payload.size() > largest || part.constants.size() > largest) {
            fail("its commands or weights have 2 GiB or more: must have less");
        }
        read_memory(part);
        part.inputs = read_maps("input");
        part.outputs = read_maps("output");
        for (const PlacedTensor& input : part.inputs) graph_.inputs.push_back(input.tensor);
        for (const PlacedTensor& output : part.outputs) graph_.outputs.push_back(output.tensor);
        note_variables();
        CompiledGraph compiled{graph_};
        compiled.add(std::move(part));
        compiled.finish();
        return std::move(graph_);
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw InvalidModel(fmt::format("{}: {}", name_, what));
    }
    static std::string file_of(std::string_view member) { return fmt::format("{}.npy", member); }

    [[nodiscard]] NpyArray array(std::string_view member) const {
        return NpyArray{archive_.read(file_of(member)), fmt::format("{}: {}", name_, member)};
    }

    [[nodiscard]] std::int64_t number(std::string_view member) const {
        const auto values = array(member).integers();
        if (values.size() != 1) fail(fmt::format("{} must be one number", member));
        return values.front();
    }

    [[nodiscard]] std::int64_t number(std::string_view member, std::int64_t otherwise) const {
        return archive_.holds(file_of(member)) ? number(member) : otherwise;
    }

    [[nodiscard]] std::int32_t size(std::string_view member) const {
        const std::int64_t value = number(member);
        if (value < 0 || value > largest) {
            fail(fmt::format("{} is {}, must be 0 to {}", member, value, largest));
        }
        return static_cast<std::int32_t>(value);
    }

    void read_memory(CompiledPart& part) {
        const auto require = [&](std::string_view member, std::int64_t wanted) {
            const std::int64_t region = number(member, wanted);
            if (region != wanted) {
                fail(fmt::format("{} is {}, must be {}", member, region, wanted));
            }
        };
        require("weight_region", constants_region);
        require("scratch_region", arena_region);
        part.arena_bytes = size("scratch_shape");
        // Without fast memory its region says nothing.
        const bool has_fast =
            archive_.holds(file_of("scratch_fast_shape")) && size("scratch_fast_shape") > 0;
        const std::int64_t fast = has_fast ? number("scratch_fast_region") : arena_region;
        if (fast != arena_region && fast != fast_region) {
            fail(fmt::format("scratch_fast_region is {}, must be {} or {}", fast, arena_region,
                             fast_region));
        }
        part.has_one_memory = fast == arena_region;
        if (!part.has_one_memory) part.fast_bytes = size("scratch_fast_shape");
    }

    /// The rows of `<prefix>_shape`, with their element sizes, regions and offsets.
    std::vector<PlacedTensor> read_maps(const std::string& prefix) {
        const NpyArray shapes = array(prefix + "_shape");
        const auto extents = shapes.integers();
        const auto widths = array(prefix + "_elem_size").integers();
        const auto regions = array(prefix + "_region").integers();
        const auto offsets = array(prefix + "_offset").integers();
        const std::size_t count = widths.size();
        const std::size_t rank = count == 0 ? 0 : extents.size() / count;
        if (extents.size() != rank * count || regions.size() != count || offsets.size() != count) {
            fail(
                fmt::format("{0}_shape, {0}_elem_size, {0}_region and {0}_offset must be of as "
                            "many tensors",
                            prefix));
        }
        std::vector<PlacedTensor> maps;
        for (std::size_t i = 0; i < count; ++i) {
            Tensor tensor;
            tensor.name = fmt::format("{}_{}", prefix, i);
            tensor.type = type_of(tensor.name, widths[i]);
            tensor.shape = shape_of(tensor.name, std::span{extents}.subspan(i * rank, rank));
            if (offsets[i] < 0 || offsets[i] > largest || regions[i] < 0 || regions[i] > largest) {
                fail(fmt::format("{}: region {}, offset {}: must be 0 to {}", tensor.name,
                                 regions[i], offsets[i], largest));
            }
            maps.push_back(
                {static_cast<TensorId>(graph_.tensors.size()),
                 {static_cast<std::int32_t>(regions[i]), static_cast<std::int32_t>(offsets[i])}});
            graph_.tensors.push_back(std::move(tensor));
        }
        return maps;
    }

    [[nodiscard]] ElementType type_of(const std::string& tensor, std::int64_t width) const {
        switch (width) {
            case 1:
                return ElementType::int8;
            case 2:
                return ElementType::int16;
            case 4:
                return ElementType::int32;
            case 8:
                return ElementType::int64;
            default:
                fail(
                    fmt::format("{}: elements of {} bytes: must have 1, 2, 4 or 8", tensor, width));
        }
    }

    /// Vela may pad shapes with ones in front to six dimensions: they are kept down to four.
    [[nodiscard]] Shape shape_of(const std::string& tensor,
                                 std::span<const std::int64_t> extents) const {
        constexpr std::size_t usual_rank = 4;
        while (extents.size() > usual_rank && extents.front() == 1) extents = extents.subspan(1);
        Shape shape;
        std::int64_t elements = 1;
        for (const std::int64_t extent : extents) {
            if (extent < 1 || extent > largest / elements) {
                fail(
                    fmt::format("{}: an extent is {}: must be positive, and the tensor below "
                                "2 GiB",
                                tensor, extent));
            }
            elements *= extent;
            shape.push_back(static_cast<std::int32_t>(extent));
        }
        return shape;
    }

    void note_variables() {
        if (!archive_.holds(file_of("variable_shape"))) return;
        const auto variables = array("variable_elem_size").integers().size();
        if (variables == 0) return;
        graph_.notes.push_back(
            fmt::format("its {} variables begin as zeros: they are not kept from one inference to "
                        "the next",
                        variables));
    }

    ZipArchive archive_;
    std::string name_;
    Graph graph_;
};

}  // namespace

Graph read_npz(std::span<const std::uint8_t> bytes, std::string_view name) {
    Graph graph = Reader{bytes, name}.read();
    verify_file(graph, name);
    return graph;
}

}  // namespace u65sim::frontend
