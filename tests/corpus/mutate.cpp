#include "corpus/mutate.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <initializer_list>
#include <set>
#include <string_view>

namespace u65sim::corpus {

namespace {

template <class Value>
Value load(const Content& bytes, std::size_t at) {
    Value value{};
    if (at <= bytes.size() && bytes.size() - at >= sizeof value) {
        std::memcpy(&value, bytes.data() + at, sizeof value);
    }
    return value;
}

/// Tables, vectors and strings reached from the root.
class Walk {
public:
    explicit Walk(const Content& bytes) : bytes_(bytes) {
        follow(load<std::uint32_t>(bytes, 0));
        for (std::size_t next = 0; next < tables_.size(); ++next) visit_table(tables_[next]);
    }
    std::vector<Field> take() { return std::move(fields_); }

private:
    void follow(std::size_t table) {
        constexpr std::size_t most_tables = 4096;
        if (table % 4 != 0 || tables_.size() >= most_tables || !seen_.insert(table).second) return;
        if (is_table(table)) tables_.push_back(table);
    }

    [[nodiscard]] std::size_t vtable_of(std::size_t table) const {
        return table - static_cast<std::size_t>(load<std::int32_t>(bytes_, table));
    }
    [[nodiscard]] bool is_table(std::size_t table) const {
        if (table + 4 > bytes_.size()) return false;
        const std::size_t vtable = vtable_of(table);
        if (vtable % 2 != 0 || vtable + 4 > bytes_.size()) return false;
        const auto size = load<std::uint16_t>(bytes_, vtable);
        const auto inside = load<std::uint16_t>(bytes_, vtable + 2);
        return size >= 4 && size % 2 == 0 && vtable + size <= bytes_.size() && inside >= 4 &&
               table + inside <= bytes_.size();
    }

    void visit_table(std::size_t table) {
        const std::size_t vtable = vtable_of(table);
        const auto size = load<std::uint16_t>(bytes_, vtable);
        std::vector<std::size_t> offsets;
        for (std::size_t slot = 4; slot + 2 <= size; slot += 2) {
            fields_.push_back({vtable + slot, 2});
            const auto offset = load<std::uint16_t>(bytes_, vtable + slot);
            if (offset != 0 && table + offset < bytes_.size()) offsets.push_back(offset);
        }
        std::sort(offsets.begin(), offsets.end());
        offsets.push_back(load<std::uint16_t>(bytes_, vtable + 2));
        for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
            const std::size_t room = offsets[i + 1] > offsets[i] ? offsets[i + 1] - offsets[i] : 1;
            const std::size_t width = room >= 8 ? 8 : room >= 4 ? 4 : room >= 2 ? 2 : 1;
            fields_.push_back({table + offsets[i], width});
            if (width >= 4) visit_reference(table + offsets[i]);
        }
    }

    void visit_reference(std::size_t at) {
        const std::size_t target = at + load<std::uint32_t>(bytes_, at);
        if (target <= at || target + 4 > bytes_.size()) return;
        follow(target);
        // A vector, too, as far as one can tell.
        const auto count = load<std::uint32_t>(bytes_, target);
        if (count > (bytes_.size() - target) / 1) return;
        constexpr std::size_t most_elements = 8;
        fields_.push_back({target, 4});
        for (std::size_t i = 0; i < std::min<std::size_t>(count, most_elements); ++i) {
            const std::size_t element = target + 4 + 4 * i;
            if (element + 4 > bytes_.size()) break;
            fields_.push_back({element, 4});
            follow(element + load<std::uint32_t>(bytes_, element));
        }
    }

    const Content& bytes_;
    std::vector<Field> fields_;
    std::vector<std::size_t> tables_;
    std::set<std::size_t> seen_;
};

std::uint64_t extreme(Dice& dice, std::uint64_t old) {
    constexpr std::array<std::uint64_t, 26> values{
        0,          1,          2,          3,          4,          7,
        8,          16,         127,        128,        255,        256,
        0x7FFF,     0x8000,     0xFFFF,     0x10000,    0x10001,    0x7FFFFFFF,
        0x80000000, 0xFFFFFFFF, 0x3F800000, 0x7F800000, 0x7FC00000, 0xFFFFFFFFFFFFFFFF,
        1ULL << 63, 1ULL << 40};
    const std::size_t which = dice.roll(values.size() + 6);
    if (which < values.size()) return values[which];
    switch (which - values.size()) {
        case 0:
            return old + 1;
        case 1:
            return old - 1;
        case 2:
            return ~old;
        case 3:
            return old << 1U;
        case 4:
            return old ^ (1ULL << dice.roll(32));
        default:
            return dice.roll(1ULL << 32U);
    }
}

void put(Content& bytes, const Field& field, std::uint64_t value) {
    for (std::size_t i = 0; i < field.width && field.offset + i < bytes.size(); ++i) {
        bytes[field.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

const std::array<const char*, 24> text_extremes{
    "0",          "-1",          "1",     "2",    "65536", "65537",
    "2147483647", "-2147483648", ".nan",  ".inf", "-.inf", "1e308",
    "1e-40",      "4294967296",  "1e999", "[]",   "{}",    "[1, 2]",
    "~",          "\"\x1B[\"",   "true",  "0x10", "1KiB",  "9223372036854775807"};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

/// Begin and end of the words of a text.
std::vector<std::pair<std::size_t, std::size_t>> words_of(const std::string& text, bool numbers) {
    std::vector<std::pair<std::size_t, std::size_t>> words;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_word(text[end])) ++end;
        const bool digits =
            end > at && std::isdigit(static_cast<unsigned char>(text[end - 1])) != 0;
        if (end > at && (digits || !numbers)) words.emplace_back(at, end);
        at = std::max(end, at + 1);
    }
    return words;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        lines.push_back(text.substr(at, end - at));
        at = end;
    }
    return lines;
}

void mutate_lines(std::string& text, Dice& dice) {
    std::vector<std::string> lines = lines_of(text);
    if (lines.empty()) return;
    const std::size_t at = dice.roll(lines.size());
    const auto place = lines.begin() + static_cast<std::ptrdiff_t>(at);
    switch (dice.roll(4)) {
        case 0:
            lines.erase(place);
            break;
        case 1: {
            const std::string copy = lines[at];  // insert() may move what it copies
            lines.insert(place, copy);
            break;
        }
        case 2:
            std::swap(lines[at], lines[dice.roll(lines.size())]);
            break;
        default:
            lines[at].resize(dice.roll(lines[at].size() + 1));
    }
    text.clear();
    for (const std::string& line : lines) text += line;
}

}  // namespace

std::size_t Dice::roll(std::size_t sides) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return static_cast<std::size_t>((state_ * 0x2545F4914F6CDD1DU) >> 16U) % sides;
}

std::vector<Field> flatbuffer_fields(const Content& bytes) { return Walk{bytes}.take(); }

void mutate_flatbuffer(Content& bytes, Dice& dice) {
    const std::vector<Field> fields = flatbuffer_fields(bytes);
    if (fields.empty()) return;
    for (std::size_t left = 1 + dice.roll(3); left > 0; --left) {
        Field field = fields[dice.roll(fields.size())];
        if (field.width == 8 && dice.roll(2) == 0) field.width = 4;
        std::uint64_t old = 0;
        for (std::size_t i = 0; i < field.width && field.offset + i < bytes.size(); ++i) {
            old |= static_cast<std::uint64_t>(bytes[field.offset + i]) << (8 * i);
        }
        put(bytes, field, extreme(dice, old));
    }
}

void mutate_payloads(Content& bytes, Dice& dice) {
    constexpr std::string_view mark = "COP1";
    std::vector<std::size_t> payloads;
    for (auto at = bytes.begin(); at != bytes.end(); ++at) {
        at = std::search(at, bytes.end(), mark.begin(), mark.end());
        if (at == bytes.end()) break;
        payloads.push_back(static_cast<std::size_t>(at - bytes.begin()));
    }
    if (payloads.empty()) return;
    for (std::size_t left = 1 + dice.roll(4); left > 0; --left) {
        const std::size_t payload = payloads[dice.roll(payloads.size())];
        constexpr std::size_t most_words = 512;
        const std::size_t words = std::min((bytes.size() - payload) / 4, most_words);
        if (words == 0) continue;
        const std::size_t at = payload + 4 * dice.roll(words);
        const auto old = load<std::uint32_t>(bytes, at);
        switch (dice.roll(4)) {
            case 0:  // the parameter in the upper half
                put(bytes, {at + 2, 2}, extreme(dice, old >> 16U));
                break;
            case 1:  // another register
                put(bytes, {at, 2}, (old & 0xFC00U) | dice.roll(0x400));
                break;
            case 2: {  // one word in place of another
                const std::size_t from = payload + 4 * dice.roll(words);
                put(bytes, {at, 4}, load<std::uint32_t>(bytes, from));
                break;
            }
            default:
                put(bytes, {at, 4}, extreme(dice, old));
        }
    }
}

namespace {

std::uint32_t checksum(const Content& bytes, std::size_t begin, std::size_t size) {
    std::uint32_t value = 0xFFFFFFFF;
    for (std::size_t i = begin; i < begin + size; ++i) {
        value ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1) ^ (0xEDB88320U & (0U - (value & 1U)));
        }
    }
    return ~value;
}

constexpr std::uint32_t zip_member = 0x04034b50, zip_entry = 0x02014b50;

/// Makes the checksums of a zip archive's stored members right again, as far as it can be walked.
void repair_checksums(Content& bytes) {
    std::vector<std::uint32_t> sums;
    std::size_t at = 0;
    constexpr std::size_t header = 30, entry = 46;
    while (at + header <= bytes.size() && load<std::uint32_t>(bytes, at) == zip_member) {
        const std::size_t size = load<std::uint32_t>(bytes, at + 18);
        const std::size_t begin =
            at + header + load<std::uint16_t>(bytes, at + 26) + load<std::uint16_t>(bytes, at + 28);
        if (begin > bytes.size() || size > bytes.size() - begin) return;
        sums.push_back(checksum(bytes, begin, size));
        at = begin + size;
    }
    for (const std::uint32_t sum : sums) {
        if (at + entry > bytes.size() || load<std::uint32_t>(bytes, at) != zip_entry) return;
        if (load<std::uint16_t>(bytes, at + 10) == 0) put(bytes, {at + 16, 4}, sum);
        at += entry + load<std::uint16_t>(bytes, at + 28);
    }
}

/// Sets a number somewhere in the first bytes behind one of `marks` to an extreme.
void mutate_behind(Content& bytes, Dice& dice, std::initializer_list<std::string_view> marks) {
    std::vector<std::size_t> places;
    for (const std::string_view mark : marks) {
        for (auto at = bytes.begin(); at != bytes.end(); ++at) {
            at = std::search(at, bytes.end(), mark.begin(), mark.end());
            if (at == bytes.end()) break;
            places.push_back(static_cast<std::size_t>(at - bytes.begin()));
        }
    }
    if (places.empty()) return;
    for (std::size_t left = 1 + dice.roll(3); left > 0; --left) {
        const std::size_t at = places[dice.roll(places.size())] + 4 * dice.roll(24);
        if (at + 4 > bytes.size()) continue;
        const std::size_t width = std::size_t{1} << dice.roll(3);
        put(bytes, {at, width}, extreme(dice, load<std::uint32_t>(bytes, at)));
    }
}

}  // namespace

void mutate_foreign(Content& bytes, Dice& dice) {
    const bool is_archive = load<std::uint32_t>(bytes, 0) == zip_member;
    switch (dice.roll(4)) {
        case 0:
            mutate_payloads(bytes, dice);
            break;
        case 1:  // headers of blocks and arrays, and numbers behind them
            mutate_behind(bytes, dice,
                          {"cmd_data", "weight_data", "scratch_size", "inputs", "outputs", "NUMPY",
                           "'shape'", "'descr'"});
            break;
        case 2:
            if (is_archive) {
                mutate_behind(bytes, dice, {"PK"});
                return;  // also with wrong checksums
            }
            mutate_flatbuffer(bytes, dice);
            break;
        default:
            for (std::size_t left = 1 + dice.roll(4); left > 0; --left) {
                bytes[dice.roll(bytes.size())] = static_cast<std::uint8_t>(dice.roll(256));
            }
            if (dice.roll(8) == 0) bytes.resize(dice.roll(bytes.size() + 1));
    }
    if (is_archive) repair_checksums(bytes);
}

void mutate_text(std::string& text, Dice& dice) {
    for (std::size_t left = 1 + dice.roll(3); left > 0; --left) {
        const std::size_t kind = dice.roll(4);
        if (kind == 3) {
            mutate_lines(text, dice);
            continue;
        }
        const auto words = words_of(text, kind != 2);
        if (words.empty()) return;
        const auto [begin, end] = words[dice.roll(words.size())];
        std::string other = text_extremes[dice.roll(text_extremes.size())];
        if (kind == 2) {
            const auto [from, to] = words[dice.roll(words.size())];
            other = text.substr(from, to - from);
        }
        text.replace(begin, end - begin, other);
    }
}

}  // namespace u65sim::corpus
