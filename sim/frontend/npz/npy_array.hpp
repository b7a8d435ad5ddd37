// Arrays as NumPy stores them (format versions 1 to 3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace u65sim::frontend {

class NpyArray {
public:
    /// Throws InvalidModel that starts with `place` for what is no array of numbers or bytes.
    NpyArray(std::vector<std::uint8_t> file, std::string_view place);

    /// Empty for a scalar.
    [[nodiscard]] const std::vector<std::int64_t>& shape() const { return shape_; }
    /// All elements in order of C; empty arrays may be of any type. Throws InvalidModel for
    /// elements that are no integers.
    [[nodiscard]] std::vector<std::int64_t> integers() const;
    /// The elements' bytes as they stand in the file.
    [[nodiscard]] std::vector<std::uint8_t> bytes() const;

private:
    [[noreturn]] void fail(std::string_view what) const;
    void read_header();
    void read_type(std::string_view text);
    void read_shape(std::string_view text);

    std::vector<std::uint8_t> file_;
    std::string place_;
    std::vector<std::int64_t> shape_;
    char kind_ = ' ';        ///< NumPy's letter: i, u, S ...
    std::size_t width_ = 0;  ///< bytes of an element
    std::size_t begin_ = 0;  ///< of the elements
    std::size_t count_ = 0;  ///< elements
    bool swapped_ = false;   ///< big-endian
};

}  // namespace u65sim::frontend
