#include "stream/instruction.hpp"

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::stream {
namespace {

constexpr std::uint32_t payload_flag = 0x4000;

[[noreturn]] void fail(std::size_t index, std::uint32_t word, const char* message) {
    throw InvalidStream(fmt::format("word {} = {:#010x}: {}", index, word, message));
}

}  // namespace

Instruction instruction_at(const std::vector<std::uint32_t>& words, std::size_t index) {
    const std::uint32_t word = words[index];
    Instruction result;
    result.word_index = static_cast<std::uint32_t>(index);
    result.opcode = static_cast<std::uint16_t>(word & 0x3FF);
    result.has_payload = (word & payload_flag) != 0;
    result.parameter = static_cast<std::uint16_t>(word >> 16);
    if ((word & 0xBC00) != 0) {
        fail(index, word, "bits 13:10 and 15 must be zero");
    }
    const OpcodeInfo* info = find_opcode(result.has_payload, result.opcode);
    if (!info) fail(index, word, "must be a command of the Ethos-U55 or U65");
    if ((result.parameter & ~info->parameter_mask) != 0) {
        throw InvalidStream(
            fmt::format("word {} = {:#010x}: {} may only set the parameter bits {:#x}", index, word,
                        info->name, info->parameter_mask));
    }
    if (result.has_payload) {
        if (index + 1 >= words.size()) {
            fail(index, word, "must be followed by its second word, but the stream ends");
        }
        result.payload = words[index + 1];
    }
    return result;
}

std::vector<Instruction> split(const std::vector<std::uint32_t>& words) {
    std::vector<Instruction> result;
    result.reserve(words.size());
    for (std::size_t index = 0; index < words.size();) {
        result.push_back(instruction_at(words, index));
        index += result.back().has_payload ? 2 : 1;
    }
    return result;
}

std::vector<std::uint32_t> join(const std::vector<Instruction>& instructions) {
    std::vector<std::uint32_t> words;
    words.reserve(instructions.size() * 2);
    for (const Instruction& each : instructions) append(words, each);
    return words;
}

void append(std::vector<std::uint32_t>& words, const Instruction& instruction) {
    words.push_back(std::uint32_t{instruction.parameter} << 16 | instruction.opcode |
                    (instruction.has_payload ? payload_flag : 0));
    if (instruction.has_payload) words.push_back(instruction.payload);
}

}  // namespace u65sim::stream
