// What people are told of operators, beside what the compiler does with them.
#include <catch2/catch.hpp>

#include <set>
#include <sstream>
#include <string>

#include <u65sim/operator_support.hpp>

#include "compile/lower/npu_forms.hpp"

using namespace u65sim;

namespace {

/// Names of one row: "TILE, REVERSE_V2 (one axis), MIRROR_PAD".
std::set<std::string> names_of(const std::string& operators) {
    std::set<std::string> names;
    std::istringstream words{operators};
    for (std::string word; words >> word;) {
        if (word.ends_with(',')) word.pop_back();
        if (word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos) {
            names.insert(word);
        }
    }
    return names;
}

}  // namespace

TEST_CASE("The page of operators has every form of the NPU, and no other") {
    std::set<std::string> told;
    for (const OperatorSupport& row : operator_support()) {
        CAPTURE(row.operators);
        CHECK_FALSE(row.types.empty());
        for (const std::string& name : names_of(row.operators)) {
            CHECK(told.insert(name).second);
            for (int i = 0; i < op_type_count; ++i) {
                const auto type = static_cast<OpType>(i);
                if (to_string(type) != name) continue;
                CHECK((compiler::npu_forms[type].support != nullptr) ==
                      (row.types != "none" && name != "SHAPE" && name != "PADV2"));
            }
        }
    }
    for (int i = 0; i < op_type_count; ++i) {
        const auto type = static_cast<OpType>(i);
        if (compiler::npu_forms[type].support == nullptr) continue;
        CAPTURE(to_string(type));
        CHECK(told.contains(std::string{to_string(type)}));
    }
}
