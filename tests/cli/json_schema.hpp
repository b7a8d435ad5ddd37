// Whether JSON keeps to a JSON Schema (draft 2020-12), of which our schemas use a part: $ref into
// $defs, type, enum, minimum, maximum, required, properties, additionalProperties and items.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace u65sim::cli_test {

/// Everything that does not: "/operators/3/cycles: must be integer". Throws std::invalid_argument
/// for words of a schema that are not among those above.
std::vector<std::string> schema_errors(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace u65sim::cli_test
