// The part of an input feature map that a kernel slides over, with padding and upscaling applied.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine::functional {

/// Rows and columns of the padded, upscaled input, and which of them hold data.
struct WindowGeometry {
    std::int64_t rows = 0, columns = 0;            ///< padding included
    std::int64_t data_rows = 0, data_columns = 0;  ///< upscaled, from (top, left)
    std::int64_t top = 0, left = 0;
    int upscale = 1;

    explicit WindowGeometry(const stream::KernelOp& op);
    [[nodiscard]] bool has_data(std::int64_t row, std::int64_t column) const {
        return row >= top && row < top + data_rows && column >= left &&
               column < left + data_columns;
    }
};

/// Dense copy of the window: element (row, column, channel) at
/// (row * columns + column) * depth_stride + channel, zero point removed.
template <class Number>
struct InputWindow {
    WindowGeometry geometry;
    std::int64_t depth_stride = 0;
    std::vector<Number> values;

    /// `fill` stands where there is padding, and behind `depth` up to `stride`.
    InputWindow(const stream::KernelOp& op, Memory& memory, std::int64_t depth, std::int64_t stride,
                Number fill);
    [[nodiscard]] const Number* at(std::int64_t row, std::int64_t column) const {
        return values.data() + (row * geometry.columns + column) * depth_stride;
    }
};

extern template struct InputWindow<std::int16_t>;
extern template struct InputWindow<std::int64_t>;

/// True when every value less its zero point fits 16 bits.
bool fits_16_bits(const stream::FeatureMap& map);

}  // namespace u65sim::machine::functional
