// Every number of a Target, declared once: YAML, --set, documentation and to_yaml all read this
// table.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/target.hpp>

namespace u65sim::fields {

struct Field {
    std::string key;  ///< dotted: "sram.size"
    std::string unit;
    std::string summary;
    std::string source;
    std::string range;  ///< completes "must be ..."
    std::function<std::string(const Target&)> get;
    /// False when the text is out of `range`; the target is then unchanged.
    std::function<bool(Target&, std::string_view)> set;
};

/// In the order to_yaml() writes: fields of one section stand together.
const std::vector<Field>& table();

/// Null when there is none.
const Field* find(std::string_view key);

/// What the target says of where the field's value is from; null where it says nothing of it.
const FieldSource* source_of(const Target& target, const Field& field);
/// Replaces what the target says of that field, whose value it must hold.
void set_source(Target& target, FieldSource source);

/// Whether a higher number makes networks faster (1), slower (-1), or neither in itself (0).
int direction(std::string_view key);
/// The text as a number in the field's unit; nothing where it is none.
std::optional<double> number(const Field& field, std::string_view value);

/// Takes "0.5..0.9", the range of a plain number whose middle is the value; false for other texts.
bool assign_range(Target& target, const Field& field, std::string_view value);

/// Sets one field. Throws InvalidConfig "key = value: must be ..." or, for an unknown key, with
/// the nearest known one.
void assign(Target& target, std::string_view key, std::string_view value);

/// "unknown key sram.sise; the nearest known one is sram.size".
std::string unknown_key(std::string_view key);

}  // namespace u65sim::fields
