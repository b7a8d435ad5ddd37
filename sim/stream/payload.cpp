#include <algorithm>

#include <fmt/format.h>

#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include "stream/opcodes.hpp"
#include "target/architecture.hpp"

namespace u65sim {
namespace {

constexpr std::uint32_t magic = 0x31504F43;          // "COP1"
constexpr std::uint32_t config_action = 0x00100001;  // release 0, patch 1
constexpr std::uint32_t read_registers_action = 3;   // for debugging: nothing is computed
constexpr std::uint32_t dump_buffers_action = 4;
constexpr std::uint32_t nop_action = 5;
constexpr std::size_t max_stream_words = (std::size_t{1} << 24) - 1;

/// Whether a stream writes a register that only the U65 has; every stream for it does.
bool is_for_u65(const std::vector<std::uint32_t>& words) {
    constexpr std::uint32_t payload_flag = 0x4000, opcode_mask = 0x3FF;
    for (std::size_t index = 0; index < words.size(); ++index) {
        const bool has_payload = (words[index] & payload_flag) != 0;
        const auto opcode = static_cast<std::uint16_t>(words[index] & opcode_mask);
        const stream::OpcodeInfo* info = stream::find_opcode(has_payload, opcode);
        if (info != nullptr && info->u65_only) return true;
        if (has_payload) ++index;
    }
    return false;
}

/// Vela up to 3.2 leaves the product out of CONFIG: then the stream tells.
Accelerator accelerator_of(std::uint32_t config, const std::vector<std::uint32_t>& words) {
    constexpr int product_shift = 28;
    const bool is_told = config >> product_shift != 0;
    const std::uint32_t u65 = std::uint32_t{1} << product_shift;
    return accelerator_from_config(!is_told && is_for_u65(words) ? config | u65 : config);
}

std::vector<std::uint8_t> little_endian(const std::vector<std::uint32_t>& words) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(words.size() * 4);
    for (const std::uint32_t word : words) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(word >> shift));
        }
    }
    return bytes;
}

/// Files of payloads are filled up with zeros.
bool is_padding(const std::vector<std::uint8_t>& bytes, std::size_t from) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                       [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

CommandStream parse_payload(const std::vector<std::uint8_t>& bytes) {
    if (bytes.size() % 4 != 0 || bytes.empty()) {
        throw InvalidStream(fmt::format(
            "driver payload of {} bytes: must be a positive multiple of 4", bytes.size()));
    }
    const std::size_t count = bytes.size() / 4;
    const auto word = [&](std::size_t index) {
        std::uint32_t result = 0;
        for (std::size_t i = 4; i-- > 0;) result = result << 8 | bytes[index * 4 + i];
        return result;
    };
    const auto fail = [&](std::size_t index, const std::string& message) {
        throw InvalidStream(
            fmt::format("driver payload word {} = {:#010x}: {}", index, word(index), message));
    };
    if (word(0) != magic) fail(0, "must be 0x31504f43, the characters COP1");

    CommandStream stream;
    std::uint32_t config = 0;
    bool has_config = false;
    bool has_stream = false;
    for (std::size_t index = 1; index < count;) {
        const std::uint32_t action = word(index);
        if (action == 0 && has_stream && is_padding(bytes, index * 4)) break;
        switch (action & 0xFF) {
            case 1: {
                if (index + 2 >= count) fail(index, "must be followed by CONFIG and ID");
                if (has_config) fail(index, "the accelerator must be named only once");
                config = word(index + 1);
                if (word(index + 2) >> 28 != 1) {
                    fail(index + 2, "must be architecture 1, the Ethos-U55 and U65 (2: U85)");
                }
                has_config = true;
                index += 3;
                break;
            }
            case 2: {
                const std::size_t length =
                    (action >> 16) | static_cast<std::size_t>(action >> 8 & 0xFF) << 16;
                if (has_stream) fail(index, "there must be only one command stream");
                if (length > count - index - 1) {
                    fail(index, fmt::format("a stream of {} words must not pass the payload's end, "
                                            "{} words away",
                                            length, count - index - 1));
                }
                stream.words.reserve(length);
                for (std::size_t i = 0; i < length; ++i) {
                    stream.words.push_back(word(index + 1 + i));
                }
                has_stream = true;
                index += 1 + length;
                break;
            }
            case read_registers_action:
            case dump_buffers_action:
            case nop_action:
                ++index;
                break;
            default:
                fail(index, "must be action 1 to 5 (accelerator, stream, reads, dump, nothing)");
        }
    }
    if (has_config) stream.accelerator = accelerator_of(config, stream.words);
    if (!has_config || !has_stream) {
        throw InvalidStream("driver payload: must hold an accelerator and a command stream");
    }
    return stream;
}

std::vector<std::uint8_t> make_payload(const CommandStream& stream) {
    if (stream.words.size() > max_stream_words) {
        throw InvalidStream(fmt::format("command stream of {} words: must have at most {}",
                                        stream.words.size(), max_stream_words));
    }
    std::vector<std::uint32_t> words{magic, config_action, config_word(stream.accelerator),
                                     architecture_id};
    // The stream itself starts on 16 bytes.
    while ((words.size() + 1) % 4 != 0) words.push_back(nop_action);
    const auto length = static_cast<std::uint32_t>(stream.words.size());
    words.push_back((length & 0xFFFF) << 16 | length >> 16 << 8 | 2);
    words.insert(words.end(), stream.words.begin(), stream.words.end());

    return little_endian(words);
}

std::vector<std::uint8_t> write_words(const CommandStream& stream) {
    return little_endian(stream.words);
}

}  // namespace u65sim
