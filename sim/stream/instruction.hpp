// Words <-> instructions, without loss: the layer below decode() and the disassembler.
#pragma once

#include <cstdint>
#include <vector>

#include "stream/opcodes.hpp"

namespace u65sim::stream {

/// One command as it stands in the stream.
struct Instruction {
    std::uint32_t word_index = 0;
    std::uint16_t opcode = 0;
    bool has_payload = false;  ///< two words
    std::uint16_t parameter = 0;
    std::uint32_t payload = 0;
    bool operator==(const Instruction&) const = default;

    /// 40-bit value of an address register.
    [[nodiscard]] std::uint64_t address() const {
        return std::uint64_t{parameter & 0xFFU} << 32 | payload;
    }
};

/// The instruction that starts at word `index`. Throws InvalidStream with the word's index for an
/// unknown opcode, set reserved bits or a missing second word.
Instruction instruction_at(const std::vector<std::uint32_t>& words, std::size_t index);

/// All of them; join(split(words)) == words.
std::vector<Instruction> split(const std::vector<std::uint32_t>& words);
std::vector<std::uint32_t> join(const std::vector<Instruction>& instructions);

/// Appends an instruction's one or two words.
void append(std::vector<std::uint32_t>& words, const Instruction& instruction);

}  // namespace u65sim::stream
