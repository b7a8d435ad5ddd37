#include "frontend/file_bytes.hpp"

#include <u65sim/text.hpp>

namespace u65sim::frontend {

void FileBytes::charge(std::size_t size) {
    if (size > copies_left_) {
        fail(
            "the tables refer to the same bytes over and over: they would unpack to more than "
            "16 times the file's {} bytes",
            bytes_.size());
    }
    copies_left_ -= size;
}

std::string FileBytes::text(const flatbuffers::String* string) {
    if (string == nullptr) return {};
    charge(string->size());
    return printable({string->data(), string->size()});
}

std::vector<std::uint8_t> FileBytes::range(std::string_view what, std::uint64_t offset,
                                           std::uint64_t size) {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
        fail("{}: bytes {} to {} lie outside the file of {} bytes", what, offset,
             static_cast<double>(offset) + static_cast<double>(size), bytes_.size());
    }
    charge(size);
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace u65sim::frontend
