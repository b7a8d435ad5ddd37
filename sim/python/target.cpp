// Targets: presets, files, fields.
#include <array>
#include <filesystem>
#include <string>

#include <u65sim/target.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Reply target_reply(Target target) {
    Reply reply;
    reply.value = {{"name", target.name},
                   {"peak_macs_per_cycle", target.peak_macs_per_cycle()},
                   {"clock_hz", target.accelerator.clock.count()},
                   {"memory_mode", to_string(target.memory_mode)}};
    reply.objects.push_back(hold(std::move(target)));
    return reply;
}

Reply preset(const Request& request) {
    return target_reply(Target::preset(request.arguments.text("name")));
}

Reply preset_names(const Request&) { return {Target::preset_names(), {}, {}}; }

Reply from_yaml(const Request& request) {
    return target_reply(Target::from_yaml(std::filesystem::path{request.arguments.text("file")}));
}

Reply from_yaml_text(const Request& request) {
    return target_reply(
        Target::from_yaml_text(request.arguments.text("text"), request.arguments.text("origin")));
}

Reply from_vela_config(const Request& request) {
    const Arguments& given = request.arguments;
    return target_reply(Target::from_vela_config(given.text("file"), given.text("system_config"),
                                                 given.text("memory_mode"),
                                                 given.text("accelerator")));
}

Reply with_settings(const Request& request) {
    Target changed = request.target(0);
    for (const std::string& assignment : request.arguments.texts("assignments")) {
        changed.set(assignment);
    }
    changed.validate();
    return target_reply(std::move(changed));
}

Reply to_yaml(const Request& request) { return text_reply(request.target(0).to_yaml()); }

Reply fields(const Request& request) {
    Reply reply;
    reply.value = Json::array();
    for (const TargetField& field : describe_fields(request.target(0))) {
        reply.value.push_back({{"key", field.key},
                               {"unit", field.unit},
                               {"summary", field.summary},
                               {"source", field.source},
                               {"range", field.range},
                               {"value", field.value}});
    }
    return reply;
}

Reply equal(const Request& request) { return {request.target(0) == request.target(1), {}, {}}; }

Reply hypotheses(const Request& request) { return {request.target(0).hypotheses(), {}, {}}; }

}  // namespace

std::span<const Function> target_functions() {
    static constexpr std::array functions{
        Function{"target.preset", preset},
        Function{"target.preset_names", preset_names},
        Function{"target.from_yaml", from_yaml},
        Function{"target.from_yaml_text", from_yaml_text},
        Function{"target.from_vela_config", from_vela_config},
        Function{"target.with_settings", with_settings},
        Function{"target.to_yaml", to_yaml},
        Function{"target.fields", fields},
        Function{"target.equal", equal},
        Function{"target.hypotheses", hypotheses},
    };
    return functions;
}

}  // namespace u65sim::python
