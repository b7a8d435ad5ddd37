// u65sim compare: reports side by side.
#include <memory>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/compare.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

struct Compare {
    std::vector<std::string> files;
    ReportOutput output;

    void operator()() const {
        require_writable({output.file()});
        std::vector<std::pair<std::string, std::string>> reports;
        for (const std::string& file : files) reports.emplace_back(file, read_all(file).text());
        const Comparison comparison = compare_reports(reports);
        const std::string format = output.format();
        write(output.file(), format == "json"   ? comparison.to_json()
                             : format == "html" ? comparison.to_html()
                                                : comparison.to_text());
    }
};

}  // namespace

void add_compare(CLI::App& app) {
    auto compare = std::make_shared<Compare>();
    CLI::App* command = app.add_subcommand(
        "compare", "Reports of 'u65sim run -f json' side by side; the first is the base");
    command->add_option("REPORT", compare->files, "Two or more JSON reports")
        ->required()
        ->expected(2, 26)
        ->type_name("");
    compare->output.add_to(*command, {"text", "json", "html"},
                           "text (three runs at most), json or html (one page with all charts)");
    command->footer(
        "Reports written with --timeline show their units over time in the page too.\n\n"
        "Examples:\n"
        "  u65sim run net.tflite --timeline -o a.json\n"
        "  u65sim run net.tflite --set sram.size=512KiB --timeline -o b.json\n"
        "  u65sim compare a.json b.json\n"
        "  u65sim compare a.json b.json -o ab.html");
    command->callback([compare] { (*compare)(); });
}

}  // namespace u65sim::cli
