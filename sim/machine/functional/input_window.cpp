#include "machine/functional/input_window.hpp"

#include <algorithm>

#include "machine/functional/map_access.hpp"

namespace u65sim::machine::functional {

WindowGeometry::WindowGeometry(const stream::KernelOp& op)
    : rows(std::int64_t{op.ofm.height - 1} * op.kernel.stride_y + op.kernel.dilated_height()),
      columns(std::int64_t{op.ofm.width - 1} * op.kernel.stride_x + op.kernel.dilated_width()),
      data_rows(std::max<std::int64_t>(0, rows - op.pad.top - op.pad.bottom)),
      data_columns(std::max<std::int64_t>(0, columns - op.pad.left - op.pad.right)),
      top(op.pad.top),
      left(op.pad.left),
      upscale(op.upscale == stream::Upscale::none ? 1 : 2) {}

template <class Number>
InputWindow<Number>::InputWindow(const stream::KernelOp& op, Memory& memory, std::int64_t depth,
                                 std::int64_t stride, Number fill)
    : geometry(op),
      depth_stride(stride),
      values(static_cast<std::size_t>(geometry.rows * geometry.columns * stride), fill) {
    if (geometry.data_rows == 0 || geometry.data_columns == 0) return;
    const bool zeros = op.upscale == stream::Upscale::zeros;
    const std::int64_t source_columns =
        (geometry.data_columns + geometry.upscale - 1) / geometry.upscale;
    const auto row_start = [&](std::int64_t row) {
        return values.data() +
               ((geometry.top + row) * geometry.columns + geometry.left) * depth_stride;
    };
    if (geometry.upscale == 1) {
        for (std::int64_t row = 0; row < geometry.data_rows; ++row) {
            read_row(memory, op.ifm, row, 0, source_columns, depth, op.ifm.zero_point,
                     row_start(row), depth_stride);
        }
        return;
    }
    std::vector<Number> source(static_cast<std::size_t>(source_columns * depth));
    for (std::int64_t row = 0; row < geometry.data_rows; ++row) {
        // Inserted zeros are the zero point, that is 0 here.
        if (zeros && row % 2 != 0) {
            std::fill_n(row_start(row), geometry.data_columns * depth_stride, Number{0});
            continue;
        }
        if (row % 2 == 0) {
            read_row(memory, op.ifm, row / 2, 0, source_columns, depth, op.ifm.zero_point,
                     source.data(), depth);
        }
        for (std::int64_t column = 0; column < geometry.data_columns; ++column) {
            Number* to = row_start(row) + column * depth_stride;
            if (zeros && column % 2 != 0) {
                std::fill_n(to, depth, Number{0});
            } else {
                std::copy_n(source.data() + column / 2 * depth, depth, to);
            }
        }
    }
}

template struct InputWindow<std::int16_t>;
template struct InputWindow<std::int64_t>;

bool fits_16_bits(const stream::FeatureMap& map) {
    switch (map.type) {
        case stream::DataType::u8:
        case stream::DataType::s8:
            return stream::range_of(map.type).holds(map.zero_point);
        case stream::DataType::s16:
            return map.zero_point == 0;
        default:
            return false;
    }
}

}  // namespace u65sim::machine::functional
