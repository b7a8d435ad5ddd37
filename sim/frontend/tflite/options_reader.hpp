// Reads the options tables of operators; options.cpp says which operator has which.
#pragma once

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {

class OptionsReader {
public:
    OptionsReader(const schema::OperatorTable& table, std::string_view place)
        : table_(table), place_(place) {}

    // Null when the file leaves the options out, or has another operator's: interpreters take the
    // defaults for both.
    template <class Table>
    const Table* get() const {
        if (table_.options_type() != schema::AnyOptionsTraits<Table>::enum_value) return nullptr;
        return static_cast<const Table*>(table_.options());
    }
    template <class Table>
    const Table& require() const {
        const Table* table = get<Table>();
        if (table == nullptr) {
            throw InvalidModel(
                fmt::format("{}: options are missing, must be of kind {}", place_,
                            static_cast<int>(schema::AnyOptionsTraits<Table>::enum_value)));
        }
        return *table;
    }

    [[nodiscard]] Activation activation(schema::ActivationKind kind) const {
        return in_range<Activation>("activation", static_cast<int>(kind),
                                    static_cast<int>(Activation::sign_bit));
    }
    [[nodiscard]] Padding padding(schema::PaddingKind kind) const {
        return in_range<Padding>("padding", static_cast<int>(kind),
                                 static_cast<int>(Padding::valid));
    }

private:
    template <class Enum>
    Enum in_range(std::string_view what, int value, int last) const {
        if (value < 0 || value > last) {
            throw InvalidModel(
                fmt::format("{}: {} is {}, must be between 0 and {}", place_, what, value, last));
        }
        return static_cast<Enum>(value);
    }

    const schema::OperatorTable& table_;
    std::string_view place_;
};

inline std::vector<std::int32_t> list(const flatbuffers::Vector<std::int32_t>* vector) {
    if (vector == nullptr) return {};
    return {vector->begin(), vector->end()};
}

using Reader = const OptionsReader&;

}  // namespace u65sim::frontend
