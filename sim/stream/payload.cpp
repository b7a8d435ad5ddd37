#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
constexpr std::uint32_t accelerator_action = 1;
constexpr std::uint32_t stream_action = 2;
constexpr std::uint32_t read_registers_action = 3;  // for debugging: nothing is computed
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

/// Driver actions, which begin with a word that names them.
class PayloadReader {
public:
    /// Whole words. `bytes` must outlive this.
    explicit PayloadReader(const std::vector<std::uint8_t>& bytes)
        : bytes_(bytes), count_(bytes.size() / 4) {}

    CommandStream read() {
        if (word(0) != magic) fail(0, "must be 0x31504f43, the characters COP1");
        for (std::size_t index = 1; index < count_;) {
            const std::uint32_t action = word(index);
            if (action == 0 && has_stream_ && is_padding(bytes_, index * 4)) break;
            switch (action & 0xFF) {
                case accelerator_action:
                    index += read_accelerator(index);
                    break;
                case stream_action:
                    index += read_stream(index);
                    break;
                case read_registers_action:
                case dump_buffers_action:
                case nop_action:
                    ++index;
                    break;
                default:
                    fail(index,
                         "must be action 1 to 5 (accelerator, stream, reads, dump, nothing)");
            }
        }
        if (config_) stream_.accelerator = accelerator_of(*config_, stream_.words);
        if (!config_ || !has_stream_) {
            throw InvalidStream("driver payload: must hold an accelerator and a command stream");
        }
        return std::move(stream_);
    }

private:
    [[nodiscard]] std::uint32_t word(std::size_t index) const {
        std::uint32_t result = 0;
        for (std::size_t i = 4; i-- > 0;) result = result << 8 | bytes_[index * 4 + i];
        return result;
    }
    [[noreturn]] void fail(std::size_t index, const std::string& message) const {
        throw InvalidStream(
            fmt::format("driver payload word {} = {:#010x}: {}", index, word(index), message));
    }

    // The action at word `index`; returns its words.
    std::size_t read_accelerator(std::size_t index) {
        if (index + 2 >= count_) fail(index, "must be followed by CONFIG and ID");
        if (config_) fail(index, "the accelerator must be named only once");
        config_ = word(index + 1);
        if (word(index + 2) >> 28 != 1) {
            fail(index + 2, "must be architecture 1, the Ethos-U55 and U65 (2: U85)");
        }
        return 3;
    }
    std::size_t read_stream(std::size_t index) {
        const std::uint32_t action = word(index);
        const std::size_t length = (action >> 16) | static_cast<std::size_t>(action >> 8 & 0xFF)
                                                        << 16;
        if (has_stream_) fail(index, "there must be only one command stream");
        if (length > count_ - index - 1) {
            fail(index,
                 fmt::format("a stream of {} words must not pass the payload's end, {} words "
                             "away",
                             length, count_ - index - 1));
        }
        stream_.words.reserve(length);
        for (std::size_t i = 0; i < length; ++i) stream_.words.push_back(word(index + 1 + i));
        has_stream_ = true;
        return 1 + length;
    }

    const std::vector<std::uint8_t>& bytes_;
    std::size_t count_;
    CommandStream stream_;
    std::optional<std::uint32_t> config_;
    bool has_stream_ = false;
};

}  // namespace

CommandStream parse_payload(const std::vector<std::uint8_t>& bytes) {
    if (bytes.size() % 4 != 0 || bytes.empty()) {
        throw InvalidStream(fmt::format(
            "driver payload of {} bytes: must be a positive multiple of 4", bytes.size()));
    }
    return PayloadReader{bytes}.read();
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
