// Register command streams and the driver payload that carries them, as words and as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/target.hpp>

namespace u65sim {

/// The words an Ethos-U reads, and the accelerator they were made for.
struct CommandStream {
    Accelerator accelerator;
    std::vector<std::uint32_t> words;
    bool operator==(const CommandStream&) const = default;
};

/// Driver payload ("COP1", reference 3.7) -> stream. `bytes` little-endian. Throws InvalidStream.
CommandStream parse_payload(const std::vector<std::uint8_t>& bytes);
/// Stream -> driver payload, as Vela lays it out.
std::vector<std::uint8_t> make_payload(const CommandStream& stream);

/// One line an instruction: word index, mnemonic, operands. assemble() reads it back to the same
/// words.
std::string disassemble(const CommandStream& stream);
/// A text of one stream. Throws InvalidStream with the line.
CommandStream assemble(std::string_view text);

}  // namespace u65sim
