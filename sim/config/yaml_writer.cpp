#include <string>

#include <yaml-cpp/yaml.h>

#include <u65sim/target.hpp>
#include "target/fields.hpp"

namespace u65sim {
namespace {

/// On one line: {value: 8, assumed: "...", range: [4, 16]}.
void write(YAML::Emitter& out, const FieldSource& source) {
    out << YAML::Flow << YAML::BeginMap << YAML::Key << "value" << YAML::Value << source.value
        << YAML::Key << std::string(to_string(source.kind)) << YAML::Value << YAML::DoubleQuoted
        << source.text;
    if (!source.low.empty()) {
        out << YAML::Key << "range" << YAML::Value << YAML::Flow << YAML::BeginSeq << source.low
            << source.high << YAML::EndSeq;
    }
    out << YAML::EndMap;
}

}  // namespace

std::string Target::to_yaml() const {
    YAML::Emitter out;
    std::string open;
    out << YAML::BeginMap;
    for (const fields::Field& field : fields::table()) {
        const std::size_t dot = field.key.find('.');
        const std::string section = dot == std::string::npos ? "" : field.key.substr(0, dot);
        if (section != open) {
            if (!open.empty()) out << YAML::EndMap;
            if (!section.empty()) out << YAML::Key << section << YAML::Value << YAML::BeginMap;
            open = section;
        }
        out << YAML::Key << field.key.substr(section.empty() ? 0 : dot + 1) << YAML::Value;
        if (const FieldSource* source = fields::source_of(*this, field)) {
            write(out, *source);
        } else {
            out << field.get(*this);
        }
    }
    if (!open.empty()) out << YAML::EndMap;
    out << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

}  // namespace u65sim
