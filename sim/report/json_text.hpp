// JSON written value by value, without a tree of all values: the text of nlohmann's dump() with an
// indentation of two.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace u65sim::report {

/// One object, which is open until text() is asked for.
class JsonText {
public:
    using Json = nlohmann::ordered_json;

    JsonText() { open('{'); }

    /// `value`: a truth value, a number, a text or any Json. Keys are not looked for: each must
    /// come once.
    template <class Value>
    void field(std::string_view key, const Value& value) {
        begin(key);
        put(value);
    }
    /// An object whose fields `add_fields()` adds.
    template <class AddFields>
    void object(std::string_view key, AddFields add_fields) {
        begin(key);
        open('{');
        add_fields();
        close('}');
    }
    /// A list with an object for each of `items`, whose fields `add_fields(item)` adds.
    template <class Items, class AddFields>
    void objects(std::string_view key, const Items& items, AddFields add_fields) {
        begin(key);
        open('[');
        for (const auto& item : items) {
            begin_line();
            open('{');
            add_fields(item);
            close('}');
        }
        close(']');
    }
    /// A list with `value_of(item)` for each of `items`.
    template <class Items, class ValueOf>
    void values(std::string_view key, const Items& items, ValueOf value_of) {
        begin(key);
        open('[');
        for (const auto& item : items) {
            begin_line();
            put(value_of(item));
        }
        close(']');
    }
    template <class Items>
    void values(std::string_view key, const Items& items) {
        values(
            key, items, [](const auto& item) -> const auto& { return item; });
    }

    /// The whole object. Nothing may be added behind.
    std::string text() {
        if (depth_ > 0) close('}');
        return std::move(text_);
    }

private:
    void open(char bracket);
    void close(char bracket);
    /// A new line, behind a comma where it is not the first one of its object or list.
    void begin_line();
    void begin(std::string_view key);

    template <std::integral Value>
    void put(Value value) {
        if constexpr (std::same_as<Value, bool>) {
            text_ += value ? "true" : "false";
        } else {
            put_whole(std::int64_t{value});
        }
    }
    void put(double value);
    /// Bytes that are no UTF-8 are replaced.
    void put(std::string_view text);
    template <std::same_as<Json> Value>
    void put(const Value& value) {
        put_json(value);
    }
    void put_whole(std::int64_t value);
    void put_json(const Json& value);

    std::string text_;
    std::size_t depth_ = 0;
    bool is_first_ = true;  ///< nothing stands in the open object or list yet
};

}  // namespace u65sim::report
