#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include "base/nearest_word.hpp"
#include "stream/instruction.hpp"
#include "target/architecture.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

using stream::Instruction;
using stream::OpcodeInfo;
using stream::Operand;

constexpr std::string_view accelerator_directive = ".accelerator";
constexpr std::string_view word_directive = ".word";

std::string operands(const Instruction& instruction, const OpcodeInfo& info) {
    switch (info.operand) {
        case Operand::number:
            return fmt::format("{}", instruction.parameter);
        case Operand::less_one:
            return fmt::format("{}", instruction.parameter);
        case Operand::signed_number:
            return fmt::format("{}", static_cast<std::int16_t>(instruction.parameter));
        case Operand::bits:
            return fmt::format("{:#x}", instruction.parameter);
        case Operand::address:
            return fmt::format("{:#x}", instruction.address());
        case Operand::length:
            return fmt::format("{}", instruction.payload);
        case Operand::scale:
            return fmt::format("{} >> {}", instruction.payload, instruction.parameter);
    }
    return {};
}

/// What a packed operand means, for the reader; assemble() skips it.
std::string comment(const Instruction& instruction, const OpcodeInfo& info) {
    namespace cmd0 = stream::cmd0;
    constexpr std::string_view types[] = {"u8", "s8", "u16", "s16", "u32", "s32", "?", "?"};
    constexpr std::string_view pools[] = {"max", "average", "reduce_sum"};
    constexpr std::string_view modes[] = {"mul",   "add", "sub", "min", "max",
                                          "lrelu", "abs", "clz", "shr", "shl"};
    const int bits = instruction.parameter;
    if (info.operand == Operand::less_one) return fmt::format("{}", bits + 1);
    if (instruction.has_payload) return {};
    const std::string_view layout = (bits >> 6 & 1) != 0 ? "nhcwb16" : "nhwc";
    switch (instruction.opcode) {
        case cmd0::ifm_precision:
        case cmd0::ifm2_precision:
            return fmt::format("{} {}", types[(bits >> 2 & 3) * 2 + (bits & 1)], layout);
        case cmd0::ofm_precision:
            return fmt::format("{} {}{}", types[bits & 7], layout,
                               (bits >> 8 & 1) != 0 ? " global scale" : "");
        case cmd0::kernel_stride:
            return fmt::format("stride {}x{}{}", 1 + (bits >> 1 & 1) + 2 * (bits >> 9 & 1),
                               1 + (bits & 1) + 2 * (bits >> 6 & 1),
                               (bits >> 2 & 1) != 0 ? " part-kernel-first" : "");
        case cmd0::pool:
            return bits < 3 ? std::string(pools[bits]) : std::string{};
        case cmd0::elementwise:
            return bits < 10 ? std::string(modes[bits]) : std::string{};
        default:
            return {};
    }
}

/// Reads one text, line by line.
class Assembler {
public:
    explicit Assembler(std::string_view text) : text_(text) {}

    std::vector<CommandStream> run() {
        while (!text_.empty()) {
            const std::size_t end = text_.find('\n');
            line_ = text_.substr(0, end);
            text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
            ++number_;
            line_ = line_.substr(0, line_.find(';'));
            read_line();
        }
        if (streams_.empty()) fail_without_accelerator();
        return std::move(streams_);
    }

private:
    [[noreturn]] void fail(const std::string& message) const {
        throw InvalidStream(fmt::format("line {}: {}", number_, message));
    }

    [[noreturn]] void fail_without_accelerator() const {
        fail("a stream must start with a line such as .accelerator u65-256 1GHz");
    }

    std::vector<std::uint32_t>& words() {
        if (streams_.empty()) fail_without_accelerator();
        return streams_.back().words;
    }

    std::string_view take_word() {
        line_ = text::trim(line_);
        const std::string_view word = line_.substr(0, line_.find_first_of(" \t"));
        line_.remove_prefix(word.size());
        return word;
    }

    static std::optional<std::int64_t> to_number(std::string_view word) {
        const bool hex = word.starts_with("0x");
        if (hex) word.remove_prefix(2);
        std::int64_t value = 0;
        const auto [end, error] =
            std::from_chars(word.data(), word.data() + word.size(), value, hex ? 16 : 10);
        if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
        return value;
    }

    std::int64_t take_number(std::int64_t low, std::int64_t high) {
        const std::string_view word = take_word();
        const std::optional<std::int64_t> value = to_number(word);
        if (!value || *value < low || *value > high) {
            fail(fmt::format("operand '{}': must be a number from {} to {}", word, low, high));
        }
        return *value;
    }

    void read_line() {
        std::string_view word = take_word();
        if (word.empty() || word.starts_with('#')) return;
        // The word's index is for the reader.
        if (to_number(word)) word = take_word();
        if (word == accelerator_directive) {
            read_accelerator();
        } else if (word == word_directive) {
            words().push_back(static_cast<std::uint32_t>(take_number(0, UINT32_MAX)));
        } else {
            read_instruction(word);
        }
        if (const std::string_view rest = take_word(); !rest.empty()) {
            fail(fmt::format("'{}': must be the end of the line", rest));
        }
    }

    void read_accelerator() {
        const std::string_view name = take_word();
        for (const auto& [product, macs, cores] :
             {std::tuple{Product::u65, 256, 1}, std::tuple{Product::u65, 256, 2},
              std::tuple{Product::u55, 32, 1}, std::tuple{Product::u55, 64, 1},
              std::tuple{Product::u55, 128, 1}, std::tuple{Product::u55, 256, 1}}) {
            Accelerator accelerator{product, macs, cores, {}};
            if (accelerator_name(accelerator) != name) continue;
            const std::string_view clock = take_word();
            const std::optional<Hertz> parsed = text::parse_hertz(clock);
            if (!parsed) fail(fmt::format("clock '{}': must be such as 500MHz", clock));
            accelerator.clock = *parsed;
            streams_.push_back({accelerator, {}});
            return;
        }
        fail(fmt::format("accelerator '{}': must be such as u65-256", name));
    }

    void read_instruction(std::string_view name) {
        const stream::OpcodeNumber found = stream::find_opcode(name);
        if (!found.info) {
            // Long input is cut: nobody mistypes a hundred letters.
            fail(fmt::format("'{}': must be a command's name; {}", name.substr(0, 100),
                             known_words(name, stream::opcode_names())));
        }
        Instruction instruction;
        instruction.opcode = found.opcode;
        instruction.has_payload = found.has_payload;
        const auto set_parameter = [&](std::int64_t value) {
            instruction.parameter = static_cast<std::uint16_t>(value);
            if ((instruction.parameter & ~found.info->parameter_mask) != 0) {
                fail(fmt::format("{} {}: may only set the bits {:#x}", name, value,
                                 found.info->parameter_mask));
            }
        };
        switch (found.info->operand) {
            case Operand::number:
            case Operand::less_one:
            case Operand::bits:
                set_parameter(take_number(0, 0xFFFF));
                break;
            case Operand::signed_number:
                set_parameter(take_number(-0x8000, 0xFFFF));
                break;
            case Operand::length:
                instruction.payload = static_cast<std::uint32_t>(take_number(0, UINT32_MAX));
                break;
            case Operand::address: {
                const std::int64_t value = take_number(0, (std::int64_t{1} << 40) - 1);
                instruction.payload = static_cast<std::uint32_t>(value);
                set_parameter(value >> 32);
                break;
            }
            case Operand::scale:
                instruction.payload = static_cast<std::uint32_t>(take_number(0, UINT32_MAX));
                if (take_word() != ">>") fail("a scale must be multiplier >> shift");
                set_parameter(take_number(0, 63));
                break;
        }
        append(words(), instruction);
    }

    std::string_view text_, line_;
    std::size_t number_ = 0;
    std::vector<CommandStream> streams_;
};

}  // namespace

std::string disassemble(const CommandStream& stream) {
    std::string text =
        fmt::format("{} {} {}\n", accelerator_directive, accelerator_name(stream.accelerator),
                    text::format_hertz(stream.accelerator.clock));
    for (std::size_t index = 0; index < stream.words.size();) {
        Instruction instruction;
        try {
            instruction = stream::instruction_at(stream.words, index);
        } catch (const InvalidStream&) {
            text += fmt::format("{:6}  {} {:#010x}\n", index, word_directive, stream.words[index]);
            ++index;
            continue;
        }
        const OpcodeInfo& info = *stream::find_opcode(instruction.has_payload, instruction.opcode);
        const std::string meaning = comment(instruction, info);
        const std::string line =
            fmt::format("{:6}  {:<18} {}", index, info.name, operands(instruction, info));
        text += meaning.empty() ? line + "\n" : fmt::format("{:<44} ; {}\n", line, meaning);
        index += instruction.has_payload ? 2 : 1;
    }
    return text;
}

std::string disassembled_line(const CommandStream& stream, std::uint32_t word) {
    const std::string text = disassemble(stream);
    const std::string wanted = std::to_string(word);
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t begin = line.find_first_not_of(" \t");
        if (begin == std::string_view::npos) continue;
        line.remove_prefix(begin);
        if (!line.starts_with(wanted)) continue;
        const std::string_view behind = line.substr(wanted.size());
        if (behind.starts_with(' ') || behind.starts_with(':')) return std::string{line};
    }
    return {};
}

std::vector<CommandStream> assemble_streams(std::string_view text) { return Assembler(text).run(); }

CommandStream assemble(std::string_view text) {
    std::vector<CommandStream> streams = assemble_streams(text);
    if (streams.size() != 1) {
        throw InvalidStream(fmt::format("{} streams: there must be one, behind one {} line",
                                        streams.size(), accelerator_directive));
    }
    return std::move(streams.front());
}

}  // namespace u65sim
