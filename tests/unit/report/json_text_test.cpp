// JSON that is written value by value and nlohmann's dump() of a tree are the same text.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "report/json_text.hpp"

using u65sim::report::JsonText;
using Json = nlohmann::ordered_json;

TEST_CASE("JSON written value by value is the dump of a tree with the same values") {
    const std::vector<std::string> names{"plain",
                                         "",
                                         "quote\" back\\ line\n tab\t",
                                         "\x7F",
                                         "ä€",
                                         "no UTF-8: \xFF\xC3",
                                         std::string("nul\0", 4)};
    const std::vector<std::int64_t> wholes{0, -1, std::numeric_limits<std::int64_t>::min(),
                                           std::numeric_limits<std::int64_t>::max()};
    const std::vector<double> numbers{
        0.0, -0.0, 1.0, 0.1, 1e300, 1.0 / 3, 5e-324, std::numeric_limits<double>::infinity()};
    const Json inner{{"list", {1, 2}}, {"none", Json::object()}, {"text", "x\ny"}};

    JsonText text;
    text.values("names", names);
    text.object("values", [&] {
        text.values("wholes", wholes);
        text.values("numbers", numbers);
        text.field("true", true);
        text.field("small", std::int32_t{-7});
        text.field("null", Json(nullptr));
        text.field("inner", inner);
    });
    text.object("empty", [] {});
    text.values("nothing", std::vector<int>{});
    text.objects("objects", wholes, [&](std::int64_t value) {
        text.field("value", value);
        text.objects("deeper", names, [&](const std::string& name) { text.field(name, name); });
    });

    Json tree;
    tree["names"] = names;
    tree["values"] = {{"wholes", wholes}, {"numbers", numbers}, {"true", true},
                      {"small", -7},      {"null", nullptr},    {"inner", inner}};
    tree["empty"] = Json::object();
    tree["nothing"] = Json::array();
    tree["objects"] = Json::array();
    for (const std::int64_t value : wholes) {
        Json deeper = Json::array();
        for (const std::string& name : names) deeper.push_back({{name, name}});
        tree["objects"].push_back({{"value", value}, {"deeper", deeper}});
    }
    CHECK(text.text() == tree.dump(2, ' ', false, Json::error_handler_t::replace));
    CHECK(JsonText{}.text() == "{}");
}

TEST_CASE("One character of a text that is escaped is seen wherever it stands") {
    const std::string plain = "twenty-one characters";
    for (int code = 0; code < 0x100; ++code) {
        for (std::size_t at = 0; at <= plain.size(); ++at) {
            std::string text = plain;
            text.insert(at, 1, static_cast<char>(code));
            JsonText json;
            json.field("text", text);
            Json tree;
            tree["text"] = text;
            REQUIRE(json.text() == tree.dump(2, ' ', false, Json::error_handler_t::replace));
        }
    }
}
