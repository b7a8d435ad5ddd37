#include "machine/functional/map_access.hpp"

#include <algorithm>

namespace u65sim::machine::functional {
namespace {

using stream::DataType;
using stream::FeatureMap;
using stream::Layout;

template <class Stored, class Number>
void load(const std::uint8_t* from, std::int64_t count, std::int64_t zero_point, Number* to) {
    const auto zero = static_cast<Number>(zero_point);
    for (std::int64_t i = 0; i < count; ++i) {
        Stored value;
        std::memcpy(&value, from + i * static_cast<std::int64_t>(sizeof value), sizeof value);
        to[i] = static_cast<Number>(static_cast<Number>(value) - zero);
    }
}

template <class Number>
void load(DataType type, const std::uint8_t* from, std::int64_t count, std::int64_t zero_point,
          Number* to) {
    switch (type) {
        case DataType::u8:
            return load<std::uint8_t>(from, count, zero_point, to);
        case DataType::s8:
            return load<std::int8_t>(from, count, zero_point, to);
        case DataType::u16:
            return load<std::uint16_t>(from, count, zero_point, to);
        case DataType::s16:
            return load<std::int16_t>(from, count, zero_point, to);
        case DataType::u32:
            return load<std::uint32_t>(from, count, zero_point, to);
        case DataType::s32:
            return load<std::int32_t>(from, count, zero_point, to);
    }
}

template <class Stored>
void store(const std::int32_t* from, std::int64_t count, std::uint8_t* to) {
    for (std::int64_t i = 0; i < count; ++i) {
        const auto value = static_cast<Stored>(from[i]);
        std::memcpy(to + i * static_cast<std::int64_t>(sizeof value), &value, sizeof value);
    }
}

void store(DataType type, const std::int32_t* from, std::int64_t count, std::uint8_t* to) {
    switch (stream::bytes_of(type)) {
        case 1:
            return store<std::uint8_t>(from, count, to);
        case 2:
            return store<std::uint16_t>(from, count, to);
        default:
            return store<std::uint32_t>(from, count, to);
    }
}

/// Cuts part of a row into runs that are contiguous in memory, at most one column long unless the
/// columns touch each other: run(x, c, elements).
template <class Run>
void for_each_run(const FeatureMap& map, std::int64_t x0, std::int64_t columns, std::int64_t depth,
                  Run run) {
    const std::int64_t bytes = stream::bytes_of(map.type);
    if (map.layout == Layout::nhwc) {
        const bool touching = map.stride_x == depth * bytes;
        for (std::int64_t x = x0; x < x0 + columns;) {
            std::int64_t together = 1;
            if (touching) {
                together = x0 + columns - x;
                if (x < map.width0) together = std::min<std::int64_t>(together, map.width0 - x);
            }
            run(x, 0, together * depth);
            x += together;
        }
        return;
    }
    for (std::int64_t c = 0; c < depth; c += 16) {
        const std::int64_t channels = std::min<std::int64_t>(16, depth - c);
        for (std::int64_t x = x0; x < x0 + columns; ++x) run(x, c, channels);
    }
}

}  // namespace

template <class Number>
void read_row(Memory& memory, const FeatureMap& map, std::int64_t y, std::int64_t x0,
              std::int64_t columns, std::int64_t depth, std::int64_t zero_point, Number* out,
              std::int64_t column_stride) {
    const auto bytes = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    for_each_run(map, x0, columns, depth, [&](std::int64_t x, std::int64_t c, std::int64_t count) {
        const std::uint8_t* from = memory.read(map.region, element_address(map, y, x, c),
                                               static_cast<std::uint64_t>(count) * bytes);
        Number* to = out + (x - x0) * column_stride + c;
        if (count <= depth || column_stride == depth) {
            load(map.type, from, count, zero_point, to);
            return;
        }
        for (std::int64_t done = 0; done < count; done += depth) {
            load(map.type, from + static_cast<std::uint64_t>(done) * bytes, depth, zero_point, to);
            to += column_stride;
        }
    });
}

template void read_row(Memory&, const FeatureMap&, std::int64_t, std::int64_t, std::int64_t,
                       std::int64_t, std::int64_t, std::int16_t*, std::int64_t);
template void read_row(Memory&, const FeatureMap&, std::int64_t, std::int64_t, std::int64_t,
                       std::int64_t, std::int64_t, std::int64_t*, std::int64_t);

void write_row(Memory& memory, const FeatureMap& map, std::int64_t y, std::int64_t columns,
               std::int64_t depth, const std::int32_t* values) {
    const auto bytes = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    for_each_run(map, 0, columns, depth, [&](std::int64_t x, std::int64_t c, std::int64_t count) {
        std::uint8_t* to = memory.write(map.region, element_address(map, y, x, c),
                                        static_cast<std::uint64_t>(count) * bytes);
        store(map.type, values + x * depth + c, count, to);
    });
}

}  // namespace u65sim::machine::functional
