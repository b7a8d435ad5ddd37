// The files of configs/ as they were when the library was built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <u65sim/target.hpp>

namespace u65sim::config {

struct EmbeddedFile {
    std::string kind;  ///< "targets", "memories", "drams" or "records"
    std::string stem;  ///< file name without its ending
    std::string text;
};

const std::vector<EmbeddedFile>& embedded_files();

/// Null when there is none.
const EmbeddedFile* find_embedded(std::string_view kind, std::string_view stem);

/// The embedded file behind a preset's name, e.g. "u65-256" -> "u65-256-high-end". Null for an
/// unknown name.
const EmbeddedFile* find_preset(std::string_view name);

/// The target that a file of "targets" holds.
Target target_of(const EmbeddedFile& file);

}  // namespace u65sim::config
