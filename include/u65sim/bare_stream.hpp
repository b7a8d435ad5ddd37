// Command streams without a network around them: a driver payload or its words, and the constants;
// and single lines of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/command_stream.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// A driver payload ("COP1"), or little-endian words alone, which are then for `accelerator`.
/// Throws InvalidStream.
CommandStream read_stream(const std::vector<std::uint8_t>& bytes, const Accelerator& accelerator);
/// The little-endian words alone, as read_stream() takes them.
std::vector<std::uint8_t> write_words(const CommandStream& stream);

/// All streams of a text, each behind an `.accelerator` line of its own; lines that start with '#'
/// and what follows ';' are comments. Throws InvalidStream with the line, and with the nearest name
/// for an unknown command.
std::vector<CommandStream> assemble_streams(std::string_view text);

/// How large a driver makes regions 0 (constants), 1 (arena) and 2 (fast memory). Nothing: as large
/// as the stream needs.
using RegionSizes = std::array<std::optional<Bytes>, 3>;

/// A network of one `ethos-u` operator around a bare stream; `constants` is what its region 0
/// holds. Its inputs are the bytes of region 1 that the stream reads before it writes them, its
/// outputs the feature maps that nothing reads afterwards: one uint8 tensor for each run of bytes,
/// in order of address, named "input@OFFSET" or "output@OFFSET". Without constants the network has
/// a time, but cannot compute. Throws InvalidStream for streams that cannot be decoded, that read
/// constants behind the end, that touch bytes behind one of `sizes`, or that use regions beyond 2.
Graph payload_network(const CommandStream& stream, std::vector<std::uint8_t> constants,
                      std::string_view name, const RegionSizes& sizes = {});

/// The line of disassemble() that starts at this word; empty when none does.
std::string disassembled_line(const CommandStream& stream, std::uint32_t word);

}  // namespace u65sim
