#include "ir/npu_operator.hpp"

#include "ir/constants.hpp"

namespace u65sim::ir {
namespace {

constexpr std::size_t place_bytes = 8;

std::int32_t word_at(const std::vector<std::uint8_t>& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
    return static_cast<std::int32_t>(value);
}

}  // namespace

std::vector<std::uint8_t> write_places(const std::vector<MapPlace>& places) {
    std::vector<std::int32_t> words;
    for (const MapPlace& place : places) {
        words.push_back(place.region);
        words.push_back(place.offset);
    }
    return int32_data(words).bytes();
}

std::optional<std::vector<MapPlace>> read_places(const std::vector<std::uint8_t>& bytes) {
    if (bytes.size() % place_bytes != 0) return std::nullopt;
    std::vector<MapPlace> places;
    for (std::size_t at = 0; at < bytes.size(); at += place_bytes) {
        places.push_back({word_at(bytes, at), word_at(bytes, at + 4)});
    }
    return places;
}

}  // namespace u65sim::ir
