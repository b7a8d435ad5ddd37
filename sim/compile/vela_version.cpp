#include <u65sim/compile.hpp>

#include "target/quantity_text.hpp"

namespace u65sim {

std::string_view to_string(VelaVersion version) {
    return version == VelaVersion::v5_0 ? "5.0" : "5.2";
}

bool set_like_vela(CompileOptions& options, std::string_view text) {
    for (const VelaVersion version : {VelaVersion::v5_0, VelaVersion::v5_2}) {
        if (text != to_string(version)) continue;
        options.like_vela = true;
        options.vela_version = version;
        return true;
    }
    const auto value = text::parse_bool(text);
    if (!value) return false;
    options.like_vela = *value;
    options.vela_version = VelaVersion::v5_2;
    return true;
}

}  // namespace u65sim
