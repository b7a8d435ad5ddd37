// The NPU forms of every operator kind.
#include <catch2/catch.hpp>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>

#include "compile/lower/npu_forms.hpp"
#include "ir/operator_info.hpp"

using namespace u65sim;
using compiler::npu_forms;

namespace {

/// The form of each kind, its number first.
template <class Visit>
void for_each_form(Visit visit) {
    for (int number = 0; number < op_type_count; ++number) {
        const auto type = static_cast<OpType>(number);
        INFO(to_string(type));
        visit(type, npu_forms[type]);
    }
}

}  // namespace

TEST_CASE("a form decides and lowers, or is none at all") {
    for_each_form([](OpType, const compiler::NpuForm& form) {
        CHECK((form.support == nullptr) == (form.lower == nullptr));
        if (form.support != nullptr) return;
        CHECK_FALSE(form.takes_activation);
        CHECK_FALSE(form.in_place);
        CHECK_FALSE(form.reads_reshaped);
        CHECK_FALSE(form.takes_int32);
        CHECK_FALSE(form.makes_positions);
    });
    CHECK(npu_forms[OpType::gather].support == nullptr);
    CHECK(npu_forms[OpType::other].support == nullptr);
    CHECK(npu_forms[OpType::custom].support == nullptr);
}

TEST_CASE("families that the NPU runs whole") {
    for_each_form([](OpType type, const compiler::NpuForm& form) {
        switch (ir::info(type).family) {
            case ir::Family::convolution:
                CHECK(form.takes_activation);
                break;
            case ir::Family::clamp:
            case ir::Family::curve:
            case ir::Family::joining:
            case ir::Family::resize:
                CHECK(form.lower != nullptr);
                CHECK_FALSE(form.in_place);
                break;
            case ir::Family::reshape:
            case ir::Family::part:
                CHECK(form.in_place);
                break;
            default:
                CHECK_FALSE(form.in_place);
        }
    });
}
