// A network's values as bytes, for whoever hashes them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/uniform.hpp"
#include "oracle/fields.hpp"

namespace u65sim::oracle {

template <class Value>
concept Plain = std::is_arithmetic_v<Value> || std::is_enum_v<Value>;

/// Appends values to a sink, in the machine's own representation; constants by their size and
/// content hash.
template <class Sink>
class Writer {
public:
    Sink& sink() { return sink_; }

    template <Plain Value>
    void one(Value value) {
        sink_.append(&value, sizeof value);
    }
    void one(const std::string& text) {
        one(text.size());
        sink_.append(text.data(), text.size());
    }
    template <class Kind>
    void one(Quantity<Kind> value) {
        one(value.count());
    }
    template <class Value>
    void one(const std::vector<Value>& values) {
        one(values.size());
        if constexpr (Plain<Value>) {
            // Of many channels alike one says all.
            const std::size_t distinct = distinct_prefix(values);
            one(distinct);
            if (distinct > 0) sink_.append(values.data(), distinct * sizeof(Value));
        } else {
            for (const Value& value : values) one(value);
        }
    }
    template <class Value, std::size_t count>
    void one(const std::array<Value, count>& values) {
        for (const Value& value : values) one(value);
    }
    template <class First, class Second>
    void one(const std::pair<First, Second>& value) {
        one(value.first);
        one(value.second);
    }
    void one(const ConstantData& data) {
        one(static_cast<bool>(data));
        if (!data) return;
        one(data.size());
        one(data.content_hash());
    }
    void one(const Attributes& attributes) {
        one(attributes.index());
        std::visit([this](const auto& held) { one(held); }, attributes);
    }
    template <class Value>
    requires std::is_class_v<Value>
    void one(const Value& value) {
        visit_fields(value, [this](const auto&... fields) { (one(fields), ...); });
    }

private:
    Sink sink_;
};

}  // namespace u65sim::oracle
