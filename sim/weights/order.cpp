#include "weights/order.hpp"

#include <algorithm>
#include <concepts>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/units.hpp>

#include "base/rounding.hpp"
#include "base/versions.hpp"
#include "weights/stream_format.hpp"

namespace u65sim::weights {
namespace {

using detail::checked_add;
using detail::checked_mul;

/// Largest sub-kernel edge, in undilated elements times dilation (register description).
constexpr std::int64_t sub_kernel_edge = 8;

void require(bool holds, const char* what, std::int64_t value, const char* right) {
    if (!holds) {
        throw InvalidStream(fmt::format("weight order: {} {}: must be {}", what, value, right));
    }
}

/// The loop bounds of one volume's bricks.
struct Walk {
    std::int64_t outputs, height, width, inputs;
    std::int64_t block_depth, ofm_step, ifm_step;
    std::int64_t input_step;      ///< input channels of one pass over the kernel
    std::int64_t edge_y, edge_x;  ///< of a sub-kernel, undilated
    std::int64_t element_step;    ///< kernel elements are padded to a multiple of this
    bool depthwise, part_kernel;

    /// Input channels in the pass that starts at channel `start`, padding included.
    [[nodiscard]] std::int64_t pass_depth(std::int64_t start) const {
        if (depthwise) return 1;
        return part_kernel ? round_up(std::min(input_step, inputs - start), ifm_step) : input_step;
    }
};

Walk make_walk(std::int64_t outputs, std::int64_t height, std::int64_t width, std::int64_t inputs,
               const Order& order) {
    const bool depthwise = order.traversal == Traversal::depthwise;
    const bool part_kernel = order.traversal == Traversal::part_kernel_first;
    require(outputs >= 0, "output depth", outputs, "0 or more");
    require(height >= 0, "kernel height", height, "0 or more");
    require(width >= 0, "kernel width", width, "0 or more");
    require(inputs >= 0, "input depth", inputs, "0 or more");
    require(!depthwise || inputs == 1, "input depth of a depthwise kernel", inputs, "1");
    require(order.block_depth > 0, "block depth", order.block_depth, "above 0");
    require(order.ifm_bits == 8 || order.ifm_bits == 16, "input precision", order.ifm_bits,
            "8 or 16 bits");
    require(order.dilation_y > 0 && order.dilation_y <= sub_kernel_edge, "vertical dilation",
            order.dilation_y, "1 .. 8");
    require(order.dilation_x > 0 && order.dilation_x <= sub_kernel_edge, "horizontal dilation",
            order.dilation_x, "1 .. 8");
    require(order.ofm_ublock_depth > 0, "OFM ublock depth", order.ofm_ublock_depth, "above 0");
    require(order.ifm_ublock_depth > 0, "IFM ublock depth", order.ifm_ublock_depth, "above 0");

    Walk walk{};
    walk.outputs = outputs;
    walk.height = height;
    walk.width = width;
    walk.inputs = inputs;
    walk.block_depth = order.block_depth;
    walk.ofm_step = order.ofm_ublock_depth;
    walk.ifm_step = depthwise ? 1 : order.ifm_ublock_depth;
    walk.input_step = part_kernel || order.ifm_bits == 16 ? 16 : 32;
    if (depthwise) walk.input_step = 1;
    require(walk.input_step % walk.ifm_step == 0, "IFM ublock depth", walk.ifm_step,
            "a divisor of 16");
    walk.edge_y = sub_kernel_edge / order.dilation_y;
    walk.edge_x = sub_kernel_edge / order.dilation_x;
    walk.element_step = depthwise ? 4 : !part_kernel ? 1 : order.ifm_bits == 16 ? 2 : 4;
    walk.depthwise = depthwise;
    walk.part_kernel = part_kernel;
    return walk;
}

/// The real part of one tile of ofm_step x ifm_step weights: `outputs` x `inputs` of them, the
/// first one at (output, y, x, input).
struct Tile {
    std::int64_t output, y, x, input, outputs, inputs;
};

/// Calls visit(Tile) for every kernel element of every brick in stream order. A padded kernel
/// element is a tile of zero outputs.
template <class Visit>
void for_each_tile(const Walk& walk, std::int64_t oz, Visit&& visit) {
    const std::int64_t block = std::min(walk.block_depth, walk.outputs - oz);
    const auto brick = [&](Tile tile, std::int64_t rows, std::int64_t columns, std::int64_t depth) {
        const std::int64_t sy = tile.y, sx = tile.x, iz = tile.input, outputs = tile.outputs;
        const std::int64_t elements = round_up(rows * columns, walk.element_step);
        std::int64_t row = 0, column = 0;
        for (std::int64_t element = 0; element < elements; ++element) {
            tile.y = sy + row;
            tile.x = sx + column;
            tile.outputs = row < rows ? outputs : 0;
            for (tile.input = iz; tile.input < iz + depth; tile.input += walk.ifm_step) {
                tile.inputs = std::clamp<std::int64_t>(walk.inputs - tile.input, 0, walk.ifm_step);
                visit(tile);
            }
            if (++column == columns) {
                column = 0;
                ++row;
            }
        }
    };
    for (std::int64_t iz = 0; iz < walk.inputs; iz += walk.input_step) {
        const std::int64_t pass = walk.pass_depth(iz);
        const std::int64_t depth = walk.part_kernel ? walk.ifm_step : pass;
        for (std::int64_t sy = 0; sy < walk.height; sy += walk.edge_y) {
            const std::int64_t rows = std::min(walk.edge_y, walk.height - sy);
            for (std::int64_t sx = 0; sx < walk.width; sx += walk.edge_x) {
                const std::int64_t columns = std::min(walk.edge_x, walk.width - sx);
                for (std::int64_t outer = 0; outer < pass; outer += depth) {
                    for (std::int64_t ou = 0; ou < block; ou += walk.ofm_step) {
                        const std::int64_t o = oz + ou;
                        brick({.output = o,
                               .y = sy,
                               .x = sx,
                               .input = iz + outer,
                               .outputs = std::min(walk.ofm_step, walk.outputs - o),
                               .inputs = 0},
                              rows, columns, depth);
                    }
                }
            }
        }
    }
}

std::int64_t length_of(const Walk& walk) {
    if (walk.outputs == 0 || walk.inputs == 0 || walk.height == 0 || walk.width == 0) return 0;
    // Channel groups: full blocks, then the rest.
    const std::int64_t full_blocks = walk.outputs / walk.block_depth;
    const std::int64_t outputs =
        checked_mul(checked_add(checked_mul(full_blocks, ceil_div(walk.block_depth, walk.ofm_step)),
                                ceil_div(walk.outputs % walk.block_depth, walk.ofm_step)),
                    walk.ofm_step);
    const std::int64_t last_pass = (walk.inputs - 1) / walk.input_step * walk.input_step;
    const std::int64_t inputs = checked_add(last_pass, walk.pass_depth(last_pass));
    // Sub-kernels: full x full, the two edges, the corner.
    const std::int64_t full_y = walk.height / walk.edge_y, rest_y = walk.height % walk.edge_y;
    const std::int64_t full_x = walk.width / walk.edge_x, rest_x = walk.width % walk.edge_x;
    const auto padded = [&](std::int64_t rows, std::int64_t columns) {
        return round_up(rows * columns, walk.element_step);
    };
    std::int64_t elements =
        checked_mul(checked_mul(full_y, full_x), padded(walk.edge_y, walk.edge_x));
    elements = checked_add(elements, checked_mul(full_y, padded(walk.edge_y, rest_x)));
    elements = checked_add(elements, checked_mul(full_x, padded(rest_y, walk.edge_x)));
    elements = checked_add(elements, padded(rest_y, rest_x));
    return checked_mul(checked_mul(outputs, inputs), elements);
}

/// Where a volume's (output, y, x, input) stands, and how far the next output channel is.
struct Layout {
    std::int64_t inputs, row, output;
    explicit Layout(const Walk& walk)
        : inputs(walk.inputs),
          row(checked_mul(walk.width, walk.inputs)),
          output(checked_mul(walk.height, row)) {}
    [[nodiscard]] std::int64_t at(const Tile& tile) const {
        return tile.output * output + tile.y * row + tile.x * inputs + tile.input;
    }
};

}  // namespace

std::size_t stream_length(std::int32_t output_depth, std::int32_t height, std::int32_t width,
                          std::int32_t input_depth, const Order& order) {
    return static_cast<std::size_t>(
        length_of(make_walk(output_depth, height, width, input_depth, order)));
}

std::vector<std::int16_t> to_stream_order(const Volume& volume, const Order& order) {
    const Walk walk =
        make_walk(volume.output_depth, volume.height, volume.width, volume.input_depth, order);
    const auto length = static_cast<std::size_t>(length_of(walk));
    const Layout layout{walk};
    if (volume.values.size() !=
        static_cast<std::size_t>(checked_mul(walk.outputs, layout.output))) {
        throw InvalidStream(fmt::format("weight order: {} values: a volume of {}x{}x{}x{} has {}",
                                        volume.values.size(), walk.outputs, walk.height, walk.width,
                                        walk.inputs, walk.outputs * layout.output));
    }
    std::vector<std::int16_t> stream(length);
    if (length == 0) return stream;
    const std::int16_t* values = volume.values.data();
    std::int16_t* out = stream.data();
    const std::int64_t step = walk.ifm_step;
    const std::int64_t tile_size = walk.ofm_step * step;
    for (std::int64_t oz = 0; oz < walk.outputs; oz += walk.block_depth) {
        for_each_tile(walk, oz, [&](const Tile& tile) {
            const std::int16_t* from = values + layout.at(tile);
            if (step == 8 && tile.inputs == 8) {
                for (std::int64_t o = 0; o < tile.outputs; ++o, from += layout.output) {
                    std::memcpy(out + o * 8, from, 8 * sizeof *out);
                }
            } else {
                for (std::int64_t o = 0; o < tile.outputs; ++o, from += layout.output) {
                    for (std::int64_t i = 0; i < tile.inputs; ++i) out[o * step + i] = from[i];
                }
            }
            out += tile_size;
        });
    }
    return stream;
}

namespace {

template <bool is_unsigned>
std::uint16_t stored_code(std::uint8_t byte, std::int16_t zero) {
    const int raw = is_unsigned ? byte : static_cast<std::int8_t>(byte);
    return code_of(raw - zero);
}

constexpr std::int64_t row = 8;     ///< weights side by side that are read at once
constexpr std::int64_t ahead = 64;  ///< bytes of an output that are fetched before they are read

/// The codes of two rows of weights.
template <bool is_unsigned>
void read_rows(const std::uint8_t* first, const std::uint8_t* second, const std::int16_t* zeros,
               std::uint16_t* out) {
    using Signed = std::int8_t __attribute__((vector_size(2 * row)));
    using Unsigned = std::uint8_t __attribute__((vector_size(2 * row)));
    using Values = std::int16_t __attribute__((vector_size(4 * row)));
    using Rows = std::uint64_t __attribute__((vector_size(2 * row)));
    // Put together in registers: two stores cannot be forwarded to one load.
    std::uint64_t upper, lower;
    std::memcpy(&lower, first, row);
    std::memcpy(&upper, second, row);
    const Rows rows{lower, upper};
    std::conditional_t<is_unsigned, Unsigned, Signed> bytes;
    std::memcpy(&bytes, &rows, sizeof bytes);
    Values values = __builtin_convertvector(bytes, Values);
    if ((zeros[0] | zeros[1]) != 0) {
        Values lanes;
        for (std::int64_t i = 0; i < 2 * row; ++i) lanes[i] = zeros[i / row];
        values -= lanes;
    }
    const Values negative = values >> 15;  // -1 where it holds
    // Twice the magnitude, and one more where negative.
    const Values codes = ((values + values) ^ negative) - (negative + negative);
    std::memcpy(out, &codes, sizeof codes);
}

/// The codes of one tile, padding included.
template <bool is_unsigned>
void read_tile(const StoredVolume& volume, const Tile& tile, std::int64_t outputs,
               std::int64_t inputs, std::uint16_t* out) {
    std::int64_t y = tile.y, x = tile.x;
    bool between = false;
    if (volume.spread_y != 1 || volume.spread_x != 1) {
        y /= volume.spread_y;
        x /= volume.spread_x;
        between = y * volume.spread_y != tile.y || x * volume.spread_x != tile.x;
    }
    if (between || tile.outputs < outputs || tile.inputs < inputs) {
        std::fill_n(out, outputs * inputs, std::uint16_t{0});
        if (between) return;
    }
    const std::uint8_t* from = volume.data + tile.output * volume.output_step +
                               y * volume.row_step + x * volume.column_step +
                               tile.input * volume.input_step;
    const std::int16_t* zero = volume.zero_points.data() + tile.output;
    std::int64_t o = 0;
    if (tile.inputs == row && volume.input_step == 1) {
        for (; o + 2 <= tile.outputs; o += 2, out += 2 * row, zero += 2) {
            // Weights of one output stand too far from the next one's for the hardware to see.
            __builtin_prefetch(from + ahead);
            __builtin_prefetch(from + volume.output_step + ahead);
            read_rows<is_unsigned>(from, from + volume.output_step, zero, out);
            from += 2 * volume.output_step;
        }
    }
    for (; o < tile.outputs; ++o, out += inputs, from += volume.output_step, ++zero) {
        for (std::int64_t i = 0; i < tile.inputs; ++i) {
            out[i] = stored_code<is_unsigned>(from[i * volume.input_step], *zero);
        }
    }
}

/// Codes on their way into parts.
struct Parts {
    std::size_t part;
    const std::function<void(std::span<const std::uint16_t>)>& take;
    std::vector<std::uint16_t>& codes;
    std::size_t count = 0;

    void added(std::size_t more) {
        count += more;
        if (count < part) return;
        take(std::span{codes}.first(part));
        std::copy(codes.begin() + static_cast<std::ptrdiff_t>(part),
                  codes.begin() + static_cast<std::ptrdiff_t>(count), codes.begin());
        count -= part;
    }
};

template <bool is_unsigned>
void read_parts(const StoredVolume& volume, const Walk& walk, Parts& parts) {
    const auto size = static_cast<std::size_t>(walk.ofm_step * walk.ifm_step);
    for (std::int64_t oz = 0; oz < walk.outputs; oz += walk.block_depth) {
        for_each_tile(walk, oz, [&](const Tile& tile) {
            read_tile<is_unsigned>(volume, tile, walk.ofm_step, walk.ifm_step,
                                   parts.codes.data() + parts.count);
            parts.added(size);
        });
    }
}

/// Adds the tiles of one of `every` runs of weights to `codes`.
template <bool is_unsigned>
void read_runs(const StoredVolume& volume, const Walk& walk, std::size_t run, std::size_t every,
               std::vector<std::uint16_t>& codes) {
    const auto size = static_cast<std::size_t>(walk.ofm_step * walk.ifm_step);
    std::size_t at = 0;    // among the present ones
    std::size_t from = 0;  // the one of them that is read
    std::uint32_t random = 1;
    for (std::int64_t oz = 0; oz < walk.outputs; oz += walk.block_depth) {
        for_each_tile(walk, oz, [&](const Tile& tile) {
            if (at - from < run) {
                codes.resize(codes.size() + size);
                read_tile<is_unsigned>(volume, tile, walk.ofm_step, walk.ifm_step,
                                       codes.data() + codes.size() - size);
            }
            at += size;
            if (at >= run * every) {
                at = 0;
                random = random * 1664525 + 1013904223;  // "Numerical Recipes"
                from = (random >> 16) % every * run;
            }
        });
    }
}

/// A volume of ones as bytes, all of them the same one; any other as it is.
struct WithBytes {
    StoredVolume volume;

    explicit WithBytes(const StoredVolume& of) : volume(of) {
        if (of.data != nullptr) return;
        zero_points_.resize(static_cast<std::size_t>(of.output_depth));
        volume.data = &one_;
        volume.output_step = volume.row_step = volume.column_step = volume.input_step = 0;
        volume.zero_points = zero_points_;
    }
    WithBytes(const WithBytes&) = delete;
    WithBytes& operator=(const WithBytes&) = delete;

private:
    std::uint8_t one_ = 1;
    std::vector<std::int16_t> zero_points_;
};

}  // namespace

U65SIM_VERSIONS
void for_each_part(const StoredVolume& volume, const Order& order, std::size_t part,
                   const std::function<void(std::span<const std::uint16_t> codes)>& take) {
    const Walk walk =
        make_walk(volume.output_depth, volume.height, volume.width, volume.input_depth, order);
    const auto length = static_cast<std::size_t>(length_of(walk));
    if (length == 0) return;
    const WithBytes bytes{volume};
    const StoredVolume& stored = bytes.volume;
    // A tile may reach beyond the part.
    const auto tile = static_cast<std::size_t>(walk.ofm_step * walk.ifm_step);
    thread_local std::vector<std::uint16_t> codes;  // stays for the weights that come next
    codes.resize(std::max(codes.size(), std::min(part + tile, length)));
    Parts parts{part, take, codes};
    if (stored.is_unsigned) {
        read_parts<true>(stored, walk, parts);
    } else {
        read_parts<false>(stored, walk, parts);
    }
    if (parts.count > 0) take(std::span{parts.codes}.first(parts.count));
}

U65SIM_VERSIONS
std::vector<std::uint16_t> sample_codes(const StoredVolume& volume, const Order& order,
                                        std::size_t run, std::size_t every) {
    const Walk walk =
        make_walk(volume.output_depth, volume.height, volume.width, volume.input_depth, order);
    const WithBytes bytes{volume};
    std::vector<std::uint16_t> codes;
    codes.reserve(static_cast<std::size_t>(length_of(walk)) / every + run);
    if (volume.is_unsigned) {
        read_runs<true>(bytes.volume, walk, run, every, codes);
    } else {
        read_runs<false>(bytes.volume, walk, run, every, codes);
    }
    return codes;
}

std::vector<std::int16_t> from_stream_order(std::span<const std::int16_t> stream,
                                            std::int32_t output_depth, std::int32_t height,
                                            std::int32_t width, std::int32_t input_depth,
                                            const Order& order) {
    const Walk walk = make_walk(output_depth, height, width, input_depth, order);
    const auto length = static_cast<std::size_t>(length_of(walk));
    if (stream.size() < length) {
        throw InvalidStream(
            fmt::format("weight order: {} weights: a volume of {}x{}x{}x{} takes {}", stream.size(),
                        output_depth, height, width, input_depth, length));
    }
    const Layout layout{walk};
    std::vector<std::int16_t> values(static_cast<std::size_t>(walk.outputs * layout.output));
    if (length == 0) return values;
    const std::int16_t* from = stream.data();
    const std::int64_t step = walk.ifm_step;
    const std::int64_t tile_size = walk.ofm_step * step;
    for (std::int64_t oz = 0; oz < walk.outputs; oz += walk.block_depth) {
        const std::int64_t block_end = std::min(oz + walk.block_depth, walk.outputs);
        for_each_tile(walk, oz, [&](const Tile& tile) {
            std::int16_t* to = values.data() + layout.at(tile);
            // A tile across the end of a block repeats channels that the next block holds.
            const std::int64_t outputs = std::min(tile.outputs, block_end - tile.output);
            for (std::int64_t o = 0; o < outputs; ++o, to += layout.output) {
                for (std::int64_t i = 0; i < tile.inputs; ++i) to[i] = from[o * step + i];
            }
            from += tile_size;
        });
    }
    return values;
}

std::vector<std::int32_t> channels_of_core(std::int32_t first, std::int32_t count,
                                           std::int32_t core, std::int32_t cores) {
    require(cores > 0, "number of cores", cores, "above 0");
    require(core >= 0 && core < cores, "core", core, "below the number of cores");
    std::vector<std::int32_t> channels;
    channels.reserve(static_cast<std::size_t>(std::max(0, count / cores + 1)));
    for (std::int64_t i = core; i < count; i += cores) {
        channels.push_back(static_cast<std::int32_t>(first + i));
    }
    return channels;
}

std::int32_t block_depth_of_core(std::int32_t block_depth, std::int32_t core, std::int32_t cores) {
    require(cores > 0, "number of cores", cores, "above 0");
    require(core >= 0 && core < cores, "core", core, "below the number of cores");
    return static_cast<std::int32_t>((std::int64_t{block_depth} + cores - 1 - core) / cores);
}

}  // namespace u65sim::weights
