// Constants that a file stores sparse, made dense.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frontend/file_bytes.hpp"
#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {

/// All elements of `tensor`, with zeros where `stored`, in the order of the sparse dimensions, has
/// none. Throws InvalidModel when dimensions, indices and stored bytes do not agree.
ConstantData densify(FileBytes& file, const schema::SparsityTable& sparsity, const Tensor& tensor,
                     const std::vector<std::uint8_t>& stored, std::string_view place);

}  // namespace u65sim::frontend
