// Where the numbers of a target are from, and between what they may lie.
#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "target/fields.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::fields {

const FieldSource* source_of(const Target& target, const Field& field) {
    for (const FieldSource& each : target.sources) {
        if (each.key == field.key) return each.value == field.get(target) ? &each : nullptr;
    }
    return nullptr;
}

void set_source(Target& target, FieldSource source) {
    std::erase_if(target.sources, [&](const FieldSource& each) { return each.key == source.key; });
    const auto at = std::find_if(target.sources.begin(), target.sources.end(),
                                 [&](const FieldSource& each) { return each.key > source.key; });
    target.sources.insert(at, std::move(source));
}

int direction(std::string_view key) {
    constexpr std::array<std::string_view, 8> higher_is_faster{".bandwidth",
                                                               ".available",
                                                               ".clock",
                                                               ".max_outstanding_reads",
                                                               ".max_outstanding_writes",
                                                               ".cpu_clock",
                                                               "_per_us",
                                                               ".weight_buffer"};
    const auto is_suffix = [key](std::string_view end) { return key.ends_with(end); };
    if (std::any_of(higher_is_faster.begin(), higher_is_faster.end(), is_suffix)) return 1;
    const bool slower = key.ends_with("latency") || key.ends_with("_us") ||
                        (key.starts_with("timing.") && !key.starts_with("timing.command_"));
    return slower ? -1 : 0;
}

std::optional<double> number(const Field& field, std::string_view value) {
    if (field.unit == "bytes") {
        if (const auto bytes = text::parse_bytes(value)) return static_cast<double>(bytes->count());
    } else if (field.unit == "Hz") {
        if (const auto hertz = text::parse_hertz(value)) return static_cast<double>(hertz->count());
    } else if (field.unit == "B/cycle") {
        if (const auto rate = text::parse_rate(value)) return rate->value();
    }
    return text::parse_real(value);
}

namespace {

[[noreturn]] void refuse(const Field& field, std::string_view value) {
    throw InvalidConfig(
        fmt::format("{} = {}: must be {}", field.key, text::trim(value), field.range));
}

}  // namespace

bool assign_range(Target& target, const Field& field, std::string_view value) {
    const std::size_t dots = value.find("..");
    if (dots == std::string_view::npos || direction(field.key) == 0) return false;
    const auto low = text::parse_real(text::trim(value.substr(0, dots)));
    const auto high = text::parse_real(text::trim(value.substr(dots + 2)));
    if (!low || !high || !(*low <= *high)) refuse(field, value);
    Target changed = target;
    const std::string ends[] = {fmt::format("{}", *low), fmt::format("{}", *high)};
    for (const std::string& end : ends) {
        if (!field.set(changed, end)) refuse(field, value);
    }
    const double middle = (*low + *high) / 2;
    if (!field.set(changed, fmt::format("{}", middle)) &&
        !field.set(changed, fmt::format("{:.0f}", middle))) {
        refuse(field, value);
    }
    set_source(changed, {field.key, field.get(changed), FieldSource::Kind::assumed,
                         "given as a range", ends[0], ends[1]});
    target = std::move(changed);
    return true;
}

}  // namespace u65sim::fields

namespace u65sim {

Target Target::at(RangeEnd end) const {
    Target result = *this;
    for (const fields::Field& field : fields::table()) {
        const FieldSource* source = fields::source_of(*this, field);
        const int direction = fields::direction(field.key);
        if (!source || source->low.empty() || direction == 0) continue;
        const bool is_high = (direction > 0) == (end == RangeEnd::fast);
        field.set(result, is_high ? source->high : source->low);
    }
    return result;
}

bool Target::has_ranges() const {
    if (sources.empty()) return false;
    return at(RangeEnd::fast) != *this || at(RangeEnd::slow) != *this;
}

std::string_view to_string(FieldSource::Kind kind) {
    switch (kind) {
        case FieldSource::Kind::vendor:
            return "vendor";
        case FieldSource::Kind::published:
            return "published";
        case FieldSource::Kind::measured:
            return "measured";
        case FieldSource::Kind::assumed:
            break;
    }
    return "assumed";
}

}  // namespace u65sim
