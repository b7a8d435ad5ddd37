// Networks and targets by the names that studies and files of reference rows give them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>
#include <u65sim/zoo.hpp>

namespace u65sim::named {

/// NAME of "zoo:NAME" or of NAME alone, where the zoo has it; nothing for the path of a file.
std::optional<std::string_view> zoo_name(std::string_view network);

/// A network of the zoo, or a file. Throws what zoo() and read_network() throw.
Graph network(const std::string& name, const ZooWeights& weights = {});

/// A preset's name, or a YAML file (a path with '/', ".yaml" or ".yml"), `folder` put before a
/// relative one. Throws InvalidConfig or FileError.
Target target(const std::string& name, const std::filesystem::path& folder = {});

/// Whether target() takes the name for a file's.
bool is_target_file(std::string_view name);

}  // namespace u65sim::named
