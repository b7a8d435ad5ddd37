// An ExecuTorch program (.pte) with delegates for Ethos-U to a graph.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <u65sim/graph.hpp>

#include "frontend/pte/data_file.hpp"

namespace u65sim::frontend {

/// The method `forward`, or else the first: each delegate of EthosUBackend is an `ethos-u`
/// operator, everything else is left to the CPU. `external` holds what the .ptd files given with it
/// hold. Every offset and size is checked; throws InvalidModel.
Graph read_pte(std::span<const std::uint8_t> bytes, std::string_view name,
               const NamedData& external);

}  // namespace u65sim::frontend
