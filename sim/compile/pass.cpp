#include "compile/pass.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <u65sim/error.hpp>

namespace u65sim {

using compiler::pass_infos;
using compiler::PassInfo;

namespace {

template <class Condition>
std::vector<std::string> names_where(Condition holds) {
    std::vector<std::string> names;
    for (const PassInfo& info : pass_infos) {
        if (holds(info)) names.emplace_back(info.name);
    }
    return names;
}

const PassInfo* find_pass(std::string_view name) {
    const auto it = std::find_if(pass_infos.begin(), pass_infos.end(),
                                 [&](const PassInfo& info) { return info.name == name; });
    return it == pass_infos.end() ? nullptr : &*it;
}

}  // namespace

std::vector<std::string> pass_names() {
    return names_where([](const PassInfo&) { return true; });
}

std::vector<std::string> optional_steps() {
    return names_where([](const PassInfo& info) { return info.is_optional; });
}

compiler::PassSet compiler::passes_of(const CompileOptions& options) {
    last_pass(options);  // must be known
    PassSet taken;
    for (const PassInfo& info : pass_infos) {
        taken.set(static_cast<std::size_t>(info.pass), info.in_like_vela || !options.like_vela);
    }
    for (const std::string& name : options.without) {
        const PassInfo* info = find_pass(name);
        if (info == nullptr || !info->is_optional) {
            throw InvalidConfig(fmt::format("no step called '{}' can be left out: {} can", name,
                                            fmt::join(optional_steps(), ", ")));
        }
        taken.reset(static_cast<std::size_t>(info->pass));
    }
    return taken;
}

std::optional<compiler::Pass> compiler::last_pass(const CompileOptions& options) {
    if (options.dump_after.empty()) return std::nullopt;
    const PassInfo* info = find_pass(options.dump_after);
    if (info == nullptr) {
        throw InvalidConfig(fmt::format("no pass is called '{}': they are {}", options.dump_after,
                                        fmt::join(pass_names(), ", ")));
    }
    return info->pass;
}

}  // namespace u65sim
