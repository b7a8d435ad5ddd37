// The bytes of a flatbuffer file while it is read: bounds, a budget for what is copied out,
// messages.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::frontend {

class FileBytes {
public:
    FileBytes(std::span<const std::uint8_t> bytes, std::string_view name)
        : bytes_(bytes),
          name_(name),
          // Tables may share their bytes; a file that shares them to multiply itself is refused.
          copies_left_(16 * bytes.size() + 65536) {}

    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
    [[nodiscard]] const std::string& name() const { return name_; }

    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
        throw InvalidModel(
            fmt::format("{}: {}", name_, fmt::format(format, std::forward<Args>(args)...)));
    }

    /// Takes `size` from the budget; throws InvalidModel when nothing is left.
    void charge(std::size_t size);
    /// Printable; empty for null.
    std::string text(const flatbuffers::String* string);
    /// Bytes of the file behind its tables; throws InvalidModel when they leave it.
    std::vector<std::uint8_t> range(std::string_view what, std::uint64_t offset,
                                    std::uint64_t size);

    /// Elements of a vector, which need not lie on their own alignment; empty for null.
    template <class Value>
    std::vector<Value> list(const flatbuffers::Vector<Value>* vector) {
        if (vector == nullptr || vector->size() == 0) return {};
        charge(vector->size() * sizeof(Value));
        // Bytes, of which there are many, are copied without being cleared before.
        if constexpr (sizeof(Value) == 1) {
            return std::vector<Value>(vector->data(), vector->data() + vector->size());
        }
        std::vector<Value> values(vector->size());
        std::memcpy(values.data(), vector->Data(), values.size() * sizeof(Value));
        if constexpr (!FLATBUFFERS_LITTLEENDIAN && sizeof(Value) > 1) {
            for (Value& value : values) value = flatbuffers::EndianSwap(value);
        }
        return values;
    }

private:
    std::span<const std::uint8_t> bytes_;
    std::string name_;
    std::size_t copies_left_;
};

}  // namespace u65sim::frontend
