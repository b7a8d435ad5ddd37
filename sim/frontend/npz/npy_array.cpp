#include "frontend/npz/npy_array.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "frontend/little_endian.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t version_1_head = 10, later_head = 12;
constexpr std::size_t most_dimensions = 32;

/// What stands behind `'key':` in the header's dictionary, to its end.
std::string_view behind_key(std::string_view header, std::string_view key) {
    const auto at = header.find(fmt::format("'{}'", key));
    if (at == std::string_view::npos) return {};
    const auto colon = header.find(':', at);
    if (colon == std::string_view::npos) return {};
    const auto value = header.find_first_not_of(' ', colon + 1);
    return value == std::string_view::npos ? std::string_view{} : header.substr(value);
}

}  // namespace

NpyArray::NpyArray(std::vector<std::uint8_t> file, std::string_view place)
    : file_(std::move(file)), place_(place) {
    read_header();
}

void NpyArray::fail(std::string_view what) const {
    throw InvalidModel(fmt::format("{}: {}", place_, what));
}

void NpyArray::read_header() {
    if (file_.size() < later_head ||
        !std::equal(magic.begin(), magic.end(), file_.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
        fail("is no NumPy array");
    }
    const std::uint8_t version = file_[magic.size()];
    if (version < 1 || version > 3) {
        fail(fmt::format("is of version {} of NumPy's format, must be 1 to 3", version));
    }
    const std::size_t head = version == 1 ? version_1_head : later_head;
    const std::size_t length = version == 1 ? number_at<std::uint16_t>(file_, magic.size() + 2)
                                            : number_at<std::uint32_t>(file_, magic.size() + 2);
    if (length > file_.size() - head) fail("its header leaves it");
    const std::string_view header{reinterpret_cast<const char*>(file_.data()) + head, length};
    begin_ = head + length;
    read_type(behind_key(header, "descr"));
    read_shape(behind_key(header, "shape"));
    if (!behind_key(header, "fortran_order").starts_with("False") && shape_.size() > 1) {
        fail("its elements are in Fortran's order, must be in C's");
    }
    const std::size_t have = file_.size() - begin_;
    count_ = 1;
    for (const std::int64_t extent : shape_) {
        const auto factor = static_cast<std::size_t>(extent);
        if (factor != 0 && count_ > have / factor) {
            fail(fmt::format("has {} bytes, fewer than its shape says", have));
        }
        count_ *= factor;
    }
    if (kind_ != 'O' && width_ != 0 && count_ > have / width_) {
        fail(fmt::format("has {} bytes, fewer than its shape says", have));
    }
}

/// A text such as '<i8', '|S1228' or '|u1'.
void NpyArray::read_type(std::string_view text) {
    const auto end = text.find('\'', 1);
    if (!text.starts_with('\'') || end == std::string_view::npos || end < 3) {
        fail("its elements must be numbers or bytes");
    }
    const std::string_view name = text.substr(1, end - 1);
    swapped_ = name[0] == '>';
    kind_ = name[1];
    const char* const stop = name.data() + name.size();
    const auto [parsed, error] = std::from_chars(name.data() + 2, stop, width_);
    const bool has_width = error == std::errc{} && parsed == stop;
    if (!has_width && kind_ != 'O') {
        fail(fmt::format("its elements are '{}', must be numbers or bytes", printable(name)));
    }
}

void NpyArray::read_shape(std::string_view text) {
    const auto close = text.find(')');
    if (!text.starts_with('(') || close == std::string_view::npos) fail("has no shape");
    std::string_view rest = text.substr(1, close - 1);
    while (true) {
        const auto digit = rest.find_first_not_of(" ,");
        if (digit == std::string_view::npos) return;
        rest.remove_prefix(digit);
        std::int64_t extent = 0;
        const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
        if (error != std::errc{} || extent < 0 || shape_.size() == most_dimensions) {
            fail("its shape must be a few numbers");
        }
        shape_.push_back(extent);
        rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    }
}

std::vector<std::int64_t> NpyArray::integers() const {
    if (count_ == 0) return {};
    if ((kind_ != 'i' && kind_ != 'u') || width_ == 0 || width_ > 8 || swapped_) {
        fail(kind_ == 'O' ? "its elements are Python objects, must be integers"
                          : "its elements must be little-endian integers");
    }
    std::vector<std::int64_t> values;
    values.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        std::uint64_t value = 0;
        for (std::size_t byte = width_; byte-- > 0;) {
            value = value << 8 | file_[begin_ + i * width_ + byte];
        }
        const auto unused = static_cast<int>(64 - 8 * width_);
        auto number = static_cast<std::int64_t>(value << unused);
        number = kind_ == 'i'
                     ? number >> unused
                     : static_cast<std::int64_t>(static_cast<std::uint64_t>(number) >> unused);
        values.push_back(number);
    }
    return values;
}

std::vector<std::uint8_t> NpyArray::bytes() const {
    if (kind_ == 'O') fail("its elements are Python objects, must be bytes");
    const auto begin = file_.begin() + static_cast<std::ptrdiff_t>(begin_);
    return {begin, begin + static_cast<std::ptrdiff_t>(count_ * width_)};
}

}  // namespace u65sim::frontend
