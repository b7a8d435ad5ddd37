#include "frontend/pte/vela_blocks.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "frontend/little_endian.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::size_t name_bytes = 16, header_bytes = 32, alignment = 16;
constexpr std::size_t external_flag = 20;
constexpr std::string_view first_block = "vela_bin_stream", last_block = "vela_end_stream";
constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();

using Bytes = std::span<const std::uint8_t>;

class Reader {
public:
    Reader(Bytes bytes, const NamedData& named, std::string_view place)
        : bytes_(bytes), named_(named), place_(place) {
        read_headers();
    }

    VelaBlocks read() {
        VelaBlocks blocks;
        blocks.commands = block("cmd_data");
        blocks.weights = block("weight_data");
        if (std::max(blocks.commands.size(), blocks.weights.size()) > largest) {
            fail("its commands or weights have 2 GiB or more: must have less");
        }
        const Bytes scratch = block("scratch_size");
        if (scratch.size() != 4) fail("block 'scratch_size' must be 4 bytes");
        const auto size = number_at<std::uint32_t>(scratch, 0);
        if (size > largest) fail(fmt::format("scratch_size is {}, must be below 2 GiB", size));
        blocks.scratch_bytes = static_cast<std::int32_t>(size);
        blocks.inputs = read_maps("inputs");
        blocks.outputs = read_maps("outputs");
        return blocks;
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw InvalidModel(fmt::format("{}: {}", place_, what));
    }

    void read_headers() {
        std::size_t at = 0;
        for (std::string name; name != last_block;) {
            if (bytes_.size() - at < header_bytes) {
                fail(fmt::format("its blocks end after {} bytes, without '{}'", bytes_.size(),
                                 last_block));
            }
            const std::string text{reinterpret_cast<const char*>(bytes_.data()) + at, name_bytes};
            name = text.substr(0, text.find('\0'));
            if (at == 0 && name != first_block) {
                fail(fmt::format("its data begin with '{}', must begin with '{}'", printable(name),
                                 first_block));
            }
            const std::size_t size = number_at<std::uint32_t>(bytes_, at + name_bytes);
            const bool is_external = bytes_[at + external_flag] != 0;
            at += header_bytes;
            if (size > bytes_.size() - at) {
                fail(fmt::format("block '{}': {} bytes, {} are left", printable(name), size,
                                 bytes_.size() - at));
            }
            blocks_[name] = {bytes_.subspan(at, size), is_external};
            at += std::min((size + alignment - 1) / alignment * alignment, bytes_.size() - at);
        }
    }

    [[nodiscard]] Bytes block(const std::string& name) const {
        const auto found = blocks_.find(name);
        if (found == blocks_.end()) fail(fmt::format("holds no block '{}'", name));
        const auto& [bytes, is_external] = found->second;
        if (!is_external) return bytes;
        const std::string key{bytes.begin(), bytes.end()};
        const auto data = named_.find(key);
        if (!data) {
            fail(
                fmt::format("its {} stand in another file, under the name {}: the .ptd that holds "
                            "it must be given too (--weights FILE.ptd)",
                            name, printable(key)));
        }
        return *data;
    }

    /// Their number, then six extents, bytes of an element, offset and region of each.
    [[nodiscard]] std::vector<VelaMap> read_maps(const std::string& name) const {
        constexpr std::size_t map_bytes = 36;
        const Bytes bytes = block(name);
        const std::size_t count = bytes.size() < 4 ? 0 : number_at<std::uint32_t>(bytes, 0);
        if (bytes.size() < 4 || count != (bytes.size() - 4) / map_bytes) {
            fail(fmt::format("block '{}': {} bytes for {} tensors, must be 4 and {} for each", name,
                             bytes.size(), count, map_bytes));
        }
        std::vector<VelaMap> maps;
        for (std::size_t i = 0; i < count; ++i) {
            const auto word = [&](std::size_t index) {
                return number_at<std::int32_t>(bytes, 4 + i * map_bytes + 4 * index);
            };
            VelaMap map;
            for (std::size_t d = 0; d < map.shape.size(); ++d) map.shape[d] = word(d);
            map.element_bytes = word(6);
            map.place = {word(8), word(7)};
            if (map.bytes() < 0) {
                fail(
                    fmt::format("tensor {} of '{}': its extents and element size must be positive "
                                "and the whole below 2 GiB",
                                i, name));
            }
            maps.push_back(map);
        }
        return maps;
    }

    Bytes bytes_;
    const NamedData& named_;
    std::string_view place_;
    std::map<std::string, std::pair<Bytes, bool>> blocks_;
};

}  // namespace

std::int64_t VelaMap::bytes() const {
    std::int64_t total = element_bytes;
    if (total < 1) return -1;
    for (const std::int32_t extent : shape) {
        if (extent < 1 || extent > largest / total) return -1;
        total *= extent;
    }
    return total;
}

VelaBlocks read_vela_blocks(Bytes bytes, const NamedData& named, std::string_view place) {
    return Reader{bytes, named, place}.read();
}

}  // namespace u65sim::frontend
