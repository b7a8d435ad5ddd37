#include "oracle/c_api.hpp"

#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

struct u65sim_oracle {
    u65sim::Oracle value;
};
struct u65sim_report {
    u65sim::Report value;
    mutable std::once_flag json_made{};
    mutable std::string json{};
};

namespace {

struct LastError {
    u65sim_status status = U65SIM_OK;
    std::string text;
};
thread_local LastError last_error;

}  // namespace

u65sim_status u65sim::c_api::fail(u65sim_status status, const char* text) {
    last_error.status = status;
    last_error.text = text;
    return status;
}

u65sim_status u65sim::c_api::fail_with_current() {
    try {
        throw;
    } catch (const DoesNotFit& error) {
        return fail(U65SIM_DOES_NOT_FIT, error.what());
    } catch (const SimulationStuck& error) {
        return fail(U65SIM_FAILURE, error.what());
    } catch (const Error& error) {
        return fail(U65SIM_BAD_INPUT, error.what());
    } catch (const std::exception& error) {
        return fail(U65SIM_FAILURE, error.what());
    } catch (...) {
        return fail(U65SIM_FAILURE, "unknown failure");
    }
}

using u65sim::c_api::given;
using u65sim::c_api::guarded;
using u65sim::c_api::make;

const char* u65sim_version(void) {
    static const std::string text{u65sim::version()};
    return text.c_str();
}

int u65sim_c_api(void) { return U65SIM_C_API; }

const char* u65sim_last_error(void) { return last_error.text.c_str(); }

u65sim_status u65sim_last_status(void) { return last_error.status; }

u65sim_target* u65sim_target_preset(const char* name) {
    return make<u65sim_target>([&] { return u65sim::Target::preset(given(name, "name")); });
}

u65sim_target* u65sim_target_from_yaml(const char* file) {
    return make<u65sim_target>([&] { return u65sim::Target::from_yaml(given(file, "file")); });
}

u65sim_status u65sim_target_set(u65sim_target* target, const char* assignment) {
    return guarded([&] { given(target, "target")->value.set(given(assignment, "assignment")); });
}

void u65sim_target_free(u65sim_target* target) { delete target; }

u65sim_graph* u65sim_graph_read(const char* file) {
    return make<u65sim_graph>([&] { return u65sim::read_network(given(file, "file")); });
}

u65sim_graph* u65sim_graph_from_yaml(const char* text) {
    return make<u65sim_graph>([&] { return u65sim::read_yaml_graph(given(text, "text")); });
}

u65sim_graph* u65sim_graph_zoo(const char* name) {
    return make<u65sim_graph>([&] { return u65sim::zoo(given(name, "name")); });
}

void u65sim_graph_free(u65sim_graph* graph) { delete graph; }

u65sim_oracle* u65sim_oracle_new(const u65sim_target* target) {
    return make<u65sim_oracle>([&] { return u65sim::Oracle{given(target, "target")->value}; });
}

u65sim_oracle* u65sim_oracle_new_like_vela(const u65sim_target* target) {
    return make<u65sim_oracle>([&] {
        u65sim::CompileOptions options;
        options.like_vela = true;
        return u65sim::Oracle{given(target, "target")->value, options};
    });
}

u65sim_oracle* u65sim_oracle_new_like_vela_version(const u65sim_target* target,
                                                   const char* version) {
    return make<u65sim_oracle>([&] {
        const std::string text = given(version, "version");
        u65sim::CompileOptions options;
        if (!u65sim::set_like_vela(options, text) || text != to_string(options.vela_version)) {
            throw u65sim::InvalidConfig("version = '" + text + "': must be '5.0' or '5.2'");
        }
        return u65sim::Oracle{given(target, "target")->value, options};
    });
}

namespace {

u65sim_oracle* new_with_effort(const u65sim_target* target, u65sim::Effort effort) {
    return make<u65sim_oracle>([&] {
        u65sim::OracleOptions options;
        options.effort = effort;
        return u65sim::Oracle{given(target, "target")->value, options};
    });
}

}  // namespace

u65sim_oracle* u65sim_oracle_new_effort_high(const u65sim_target* target) {
    return new_with_effort(target, u65sim::Effort::high);
}

u65sim_oracle* u65sim_oracle_new_effort_quick(const u65sim_target* target) {
    return new_with_effort(target, u65sim::Effort::quick);
}

u65sim_report* u65sim_oracle_estimate(u65sim_oracle* oracle, const u65sim_graph* graph) {
    return make<u65sim_report>(
        [&] { return given(oracle, "oracle")->value.estimate(given(graph, "graph")->value); });
}

void u65sim_oracle_free(u65sim_oracle* oracle) { delete oracle; }

double u65sim_report_latency_ms(const u65sim_report* report) {
    return report->value.runs_on_npu() ? report->value.latency_ms()
                                       : std::numeric_limits<double>::quiet_NaN();
}

double u65sim_report_npu_share(const u65sim_report* report) { return report->value.npu_share(); }

int64_t u65sim_report_cycles(const u65sim_report* report) {
    return report->value.total.cycles.count();
}

int64_t u65sim_report_macs(const u65sim_report* report) { return report->value.model.macs.count(); }

int64_t u65sim_report_sram_peak_bytes(const u65sim_report* report) {
    return report->value.sram.peak.count();
}

int64_t u65sim_report_dram_used_bytes(const u65sim_report* report) {
    return report->value.dram.peak.count();
}

int64_t u65sim_report_dram_traffic_bytes(const u65sim_report* report) {
    return (report->value.dram.read + report->value.dram.write).count();
}

size_t u65sim_report_spills(const u65sim_report* report) { return report->value.spills.size(); }

int64_t u65sim_report_cycles_low(const u65sim_report* report) {
    const u65sim::Report& value = report->value;
    return (value.interval ? value.interval->low : value.total.cycles).count();
}

int64_t u65sim_report_cycles_high(const u65sim_report* report) {
    const u65sim::Report& value = report->value;
    return (value.interval ? value.interval->high : value.total.cycles).count();
}

const char* u65sim_report_json(const u65sim_report* report) {
    const u65sim_status status = guarded([&] {
        std::call_once(report->json_made, [&] { report->json = report->value.to_json(); });
    });
    return status == U65SIM_OK ? report->json.c_str() : nullptr;
}

void u65sim_report_free(u65sim_report* report) { delete report; }
