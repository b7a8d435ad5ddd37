// The Python module: the same three ideas as in C++, under the same names.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <pybind11/operators.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <u65sim/advice.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

namespace py = pybind11;
using namespace u65sim;

namespace {

void bind_errors(py::module_& module) {
    static py::exception<Error> base(module, "Error", PyExc_RuntimeError);
    // The last one registered is asked first: the base stands before what derives from it.
    py::register_exception<Error>(module, "_Error", base.ptr());
    py::register_exception<InvalidModel>(module, "InvalidModel", base.ptr());
    py::register_exception<InvalidConfig>(module, "InvalidConfig", base.ptr());
    py::register_exception<InvalidStream>(module, "InvalidStream", base.ptr());
    py::register_exception<DoesNotFit>(module, "DoesNotFit", base.ptr());
    py::register_exception<SimulationStuck>(module, "SimulationStuck", base.ptr());
    py::register_exception<FileError>(module, "FileError", base.ptr());
}

void bind_target(py::module_& module) {
    py::class_<Target>(module, "Target", "A piece of hardware: accelerator, memories, clock.")
        .def_static("preset", &Target::preset, py::arg("name"),
                    "One of preset_names(), e.g. 'u65-256'.")
        .def_static("preset_names", &Target::preset_names)
        .def_static("from_yaml", &Target::from_yaml, py::arg("file"))
        .def_static(
            "from_yaml_text", [](const std::string& text) { return Target::from_yaml_text(text); },
            py::arg("text"))
        .def("set", &Target::set, py::arg("assignment"), "Overrides one field: 'sram.size=512KiB'.")
        .def("to_yaml", &Target::to_yaml)
        .def("copy", [](const Target& target) { return Target{target}; })
        .def_readonly("name", &Target::name)
        .def("__repr__", [](const Target& target) { return "<u65sim.Target " + target.name + ">"; })
        .def(py::self == py::self);
}

void bind_graph(py::module_& module) {
    py::class_<Graph>(module, "Graph", "A quantised network.")
        .def_static(
            "read", [](const std::filesystem::path& file) { return read_network(file); },
            py::arg("file"), "A .tflite or a YAML graph.")
        .def_static(
            "from_yaml", [](const std::string& text) { return read_yaml_graph(text); },
            py::arg("text"), "A YAML graph in memory.")
        .def_static(
            "zoo",
            [](const std::string& name, std::uint64_t seed, double sparsity, int clusters) {
                return zoo(name, {.seed = seed, .sparsity = sparsity, .clusters = clusters});
            },
            py::arg("name"), py::kw_only(), py::arg("seed") = 1, py::arg("sparsity") = 0.0,
            py::arg("clusters") = 0, "A network built in code: one of zoo_names().")
        .def_static("zoo_names",
                    [] {
                        std::vector<std::string> names;
                        for (const ZooEntry& entry : zoo_list()) names.push_back(entry.name);
                        return names;
                    })
        .def("save", &save_tflite, py::arg("file"), "Writes a .tflite.")
        .def_readonly("name", &Graph::name)
        .def_property_readonly("macs", [](const Graph& graph) { return count_macs(graph).count(); })
        .def_property_readonly("parameters",
                               [](const Graph& graph) { return count_parameters(graph); })
        .def("__repr__", [](const Graph& graph) { return "<u65sim.Graph " + graph.name + ">"; });
}

void bind_report(py::module_& module) {
    py::class_<SpillEvent>(module, "SpillEvent", "A feature map the arena had no room for.")
        .def_readonly("tensor", &SpillEvent::tensor)
        .def_property_readonly("bytes", [](const SpillEvent& s) { return s.bytes.count(); })
        .def_readonly("reason", &SpillEvent::reason)
        .def_readonly("producer", &SpillEvent::producer)
        .def_readonly("consumers", &SpillEvent::consumers);
    py::class_<OperatorReport>(module, "OperatorReport", "What one operator cost.")
        .def_readonly("name", &OperatorReport::name)
        .def_readonly("type", &OperatorReport::type)
        .def_property_readonly("cycles", [](const OperatorReport& o) { return o.cycles.count(); })
        .def_property_readonly("macs", [](const OperatorReport& o) { return o.macs.count(); })
        .def_readonly("mac_utilization", &OperatorReport::mac_utilization)
        .def_property_readonly("bound_by", [](const OperatorReport& o) {
            return o.bound_by ? to_string(*o.bound_by) : std::string_view{};
        });
    py::class_<Report>(module, "Report", "Cycles, bandwidth and spill events of one inference.")
        .def_property_readonly("latency_ms",
                               [](const Report& r) {
                                   return r.runs_on_npu() ? std::optional{r.latency_ms()}
                                                          : std::nullopt;
                               })
        .def_property_readonly("npu_share", &Report::npu_share)
        .def_property_readonly("cycles", [](const Report& r) { return r.total.cycles.count(); })
        .def_property_readonly("macs", [](const Report& r) { return r.model.macs.count(); })
        .def_property_readonly("mac_utilization",
                               [](const Report& r) { return r.total.mac_utilization; })
        .def_property_readonly("sram_peak_bytes",
                               [](const Report& r) { return r.sram.peak.count(); })
        .def_property_readonly("dram_used_bytes",
                               [](const Report& r) { return r.dram.peak.count(); })
        .def_property_readonly("dram_traffic_bytes",
                               [](const Report& r) { return (r.dram.read + r.dram.write).count(); })
        .def_readonly("spills", &Report::spills)
        .def_readonly("operators", &Report::operators)
        .def("to_json", &Report::to_json)
        .def("to_text", &Report::to_text)
        .def("__eq__", [](const Report& a, const Report& b) { return a == b; })
        .def("__repr__", [](const Report& r) {
            return "<u65sim.Report " + r.model.name + ": " +
                   std::to_string(r.total.cycles.count()) + " cycles>";
        });
}

/// Answers in order; the first error is raised unless `errors` are wanted in the list.
py::list answers_of(Oracle& oracle, const std::vector<Graph>& graphs, unsigned threads,
                    bool keep_errors) {
    std::vector<Answer> answers;
    {
        const py::gil_scoped_release release;
        BatchOptions options;
        options.threads = threads;
        answers = oracle.estimate_all(graphs, options);
    }
    py::list list;
    for (const Answer& answer : answers) {
        if (answer.report || !keep_errors) {
            list.append(answer.get());
            continue;
        }
        try {
            std::rethrow_exception(answer.error);
        } catch (const std::exception& error) {
            list.append(py::str(error.what()));
        }
    }
    return list;
}

OracleOptions options_of(bool like_vela, const std::string& effort) {
    OracleOptions options;
    options.compile.like_vela = like_vela;
    const auto parsed = parse_effort(effort);
    if (!parsed) throw InvalidConfig("effort = '" + effort + "': must be 'normal' or 'high'");
    options.effort = *parsed;
    return options;
}

void bind_advice(py::module_& module) {
    py::class_<Advice>(module, "Advice", "One change that was tried.")
        .def_property_readonly("kind",
                               [](const Advice& a) { return std::string{to_string(a.kind)}; })
        .def_readonly("subject", &Advice::subject)
        .def_readonly("text", &Advice::text)
        .def_property_readonly("saved_cycles", [](const Advice& a) { return a.saved.count(); });
    py::class_<AdviceReport>(module, "AdviceReport", "What was tried, and the report it is about.")
        .def_readonly("report", &AdviceReport::report)
        .def_readonly("advice", &AdviceReport::advice)
        .def("to_text", &AdviceReport::to_text, py::arg("most") = 20)
        .def("to_json", &AdviceReport::to_json)
        .def("to_html", &AdviceReport::to_html);
}

void bind_oracle(py::module_& module) {
    py::class_<Oracle>(module, "Oracle", "Answers how long networks take on a target.")
        .def(py::init([](const Target& target, bool like_vela, const std::string& effort) {
                 return Oracle{target, options_of(like_vela, effort)};
             }),
             py::arg("target"), py::kw_only(), py::arg("like_vela") = false,
             py::arg("effort") = "normal",
             "With like_vela plans are like Vela's: for networks that Vela will compile. With "
             "effort 'high' many plans are run and the fastest is kept.")
        .def(
            "estimate", [](Oracle& oracle, const Graph& graph) { return oracle.estimate(graph); },
            py::arg("graph"), py::call_guard<py::gil_scoped_release>())
        .def(
            "estimate",
            [](Oracle& oracle, const std::filesystem::path& file) { return oracle.estimate(file); },
            py::arg("file"), py::call_guard<py::gil_scoped_release>())
        .def("estimate_all", &answers_of, py::arg("graphs"), py::kw_only(), py::arg("threads") = 0,
             py::arg("keep_errors") = false,
             "Reports in order; with keep_errors a failed one is its message, else it is raised.")
        .def(
            "advise",
            [](Oracle& oracle, const Graph& graph) {
                return AdviceReport{oracle.estimate(graph), oracle.advise(graph)};
            },
            py::arg("graph"), py::call_guard<py::gil_scoped_release>(),
            "Tries changes of the network and the memories, one at a time; the largest saving "
            "first.")
        .def_property_readonly("hits", [](const Oracle& o) { return o.statistics().hits; })
        .def_property_readonly("misses", [](const Oracle& o) { return o.statistics().misses; })
        .def_property_readonly("target", [](const Oracle& o) { return o.target(); });
}

}  // namespace

PYBIND11_MODULE(_core, module) {
    module.doc() = "Cycle-approximate simulator of the Arm Ethos-U65 NPU.";
    bind_errors(module);
    bind_target(module);
    bind_graph(module);
    bind_report(module);
    bind_advice(module);
    bind_oracle(module);
    module.attr("__version__") = std::string{version()};
}
