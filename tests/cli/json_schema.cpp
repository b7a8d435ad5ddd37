#include "cli/json_schema.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace u65sim::cli_test {

namespace {

using Json = nlohmann::json;

class Checker {
public:
    explicit Checker(const Json& root) : root_(root) {}

    void check(const Json& schema, const Json& value, const std::string& place) {
        refuse_unknown_words(schema);
        if (schema.contains("$ref")) {
            const std::string ref = schema.at("$ref");
            check(root_.at(Json::json_pointer{ref.substr(1)}), value, place);
        }
        if (schema.contains("type") && !is_of(schema.at("type"), value)) {
            return complain(place, "must be " + schema.at("type").dump());
        }
        if (schema.contains("enum")) {
            const Json& all = schema.at("enum");
            if (std::find(all.begin(), all.end(), value) == all.end()) {
                complain(place, value.dump() + " must be one of " + all.dump());
            }
        }
        if (value.is_number()) check_range(schema, value.get<double>(), place);
        if (value.is_object()) check_object(schema, value, place);
        if (value.is_array() && schema.contains("items")) {
            for (std::size_t i = 0; i < value.size(); ++i) {
                check(schema.at("items"), value[i], place + "/" + std::to_string(i));
            }
        }
    }
    std::vector<std::string> errors;

private:
    void complain(const std::string& place, const std::string& what) {
        errors.push_back(place + ": " + what);
    }

    static void refuse_unknown_words(const Json& schema) {
        static const std::set<std::string> known{
            "$schema", "$id",     "$defs",    "$ref",       "title",
            "type",    "enum",    "required", "properties", "additionalProperties",
            "items",   "minimum", "maximum",  "description"};
        for (const auto& [word, inner] : schema.items()) {
            if (!known.contains(word)) throw std::invalid_argument("schema: " + word);
        }
    }

    static bool is_of(const Json& type, const Json& value) {
        if (type.is_array()) {
            return std::any_of(type.begin(), type.end(),
                               [&](const Json& each) { return is_of(each, value); });
        }
        const std::string name = type;
        if (name == "integer") return value.is_number_integer();
        if (name == "number") return value.is_number();
        if (name == "string") return value.is_string();
        if (name == "boolean") return value.is_boolean();
        if (name == "array") return value.is_array();
        if (name == "object") return value.is_object();
        if (name == "null") return value.is_null();
        throw std::invalid_argument("schema: type " + name);
    }

    void check_range(const Json& schema, double value, const std::string& place) {
        if (schema.contains("minimum") && value < schema.at("minimum").get<double>()) {
            complain(place, "must be at least " + schema.at("minimum").dump());
        }
        if (schema.contains("maximum") && value > schema.at("maximum").get<double>()) {
            complain(place, "must be at most " + schema.at("maximum").dump());
        }
    }

    void check_object(const Json& schema, const Json& value, const std::string& place) {
        for (const Json& key : schema.value("required", Json::array())) {
            if (!value.contains(key.get<std::string>())) {
                complain(place, "must have " + key.dump());
            }
        }
        const Json properties = schema.value("properties", Json::object());
        for (const auto& [key, inner] : value.items()) {
            if (properties.contains(key)) {
                check(properties.at(key), inner, place + "/" + key);
            } else if (schema.contains("additionalProperties")) {
                const Json& others = schema.at("additionalProperties");
                if (others.is_boolean()) {
                    if (!others.get<bool>()) complain(place, "must not have " + key);
                } else {
                    check(others, inner, place + "/" + key);
                }
            }
        }
    }

    const Json& root_;
};

}  // namespace

std::vector<std::string> schema_errors(const Json& schema, const Json& value) {
    Checker checker{schema};
    checker.check(schema, value, "");
    return checker.errors;
}

}  // namespace u65sim::cli_test
