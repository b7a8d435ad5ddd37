// Deflated data (RFC 1951) unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace u65sim::frontend {

/// The unpacked bytes, at most `most` of them: less where the data is damaged or truncated. One
/// packed byte stands for at most 1032, so that memory is bounded by the input as well.
std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> packed, std::size_t most);

}  // namespace u65sim::frontend
