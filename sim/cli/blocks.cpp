// u65sim blocks: how long blocks of networks take, at which shape.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/blocks.hpp>
#include <u65sim/error.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

/// "h", "hw" or "hwc" around the shapes given: every axis named takes the values of the sweep.
std::vector<BlockShape> swept(const std::vector<BlockShape>& given, const std::string& axes) {
    if (axes.empty()) return given;
    std::vector<BlockShape> bases = given;
    if (bases.empty()) bases.push_back({});
    const auto has = [&](char axis) { return axes.find(axis) != std::string::npos; };
    std::vector<BlockShape> shapes;
    for (const BlockShape& base : bases) {
        for (BlockShape shape : block_sweep()) {
            // The sweep's heights and widths are equal; an axis left out keeps the shape's own.
            if (!has('h')) shape.height = base.height;
            if (!has('w')) shape.width = base.width;
            if (!has('c')) shape.channels = base.channels;
            if (std::find(shapes.begin(), shapes.end(), shape) == shapes.end()) {
                shapes.push_back(shape);
            }
        }
    }
    return shapes;
}

struct Blocks {
    TargetOptions target;
    OptimiseOption optimise;
    BlockStudyOptions options;
    std::vector<std::string> shapes;
    std::string equal = "shape", sweep, document;
    ReportOutput output;

    void operator()() {
        const Target where = target.resolve();
        const ProgressBar bar;
        const auto progress = [&](std::size_t done, std::size_t all) {
            bar.show(done, all, " blocks");
        };
        if (!document.empty()) {
            write_document(where, progress);
            return;
        }
        require_writable({output.file()});
        std::vector<BlockShape> given;
        for (const std::string& text : shapes) given.push_back(parse_block_shape(text));
        options.shapes = swept(given, sweep);
        options.equal = equal == "macs"         ? BlockEqual::macs
                        : equal == "parameters" ? BlockEqual::parameters
                                                : BlockEqual::shape;
        options.progress = progress;
        options.compile = optimise.resolve();
        options.effort = optimise.effort();
        const BlockStudy study = study_blocks(where, options);
        const std::string format = output.format();
        write(output.file(), format == "json"  ? study.to_json()
                             : format == "csv" ? study.to_csv()
                                               : study.to_text());
    }

    void write_document(const Target& where,
                        const std::function<void(std::size_t, std::size_t)>& progress) const {
        make_folder(document);
        const auto place = [&](const std::string& name) {
            return (std::filesystem::path{document} / name).string();
        };
        require_writable({place("blocks.md")});
        for (const DocumentFile& file : document_blocks(where, progress)) {
            write(place(file.name), file.content);
        }
    }
};

void list() {
    std::string text;
    for (const ZooEntry& entry : block_list()) {
        text += fmt::format("{:<28}{}\n", entry.name, entry.summary);
    }
    print(text);
}

void add_output_options(CLI::App& command, const std::shared_ptr<Blocks>& blocks) {
    blocks->output.add_to(command, {"text", "json", "csv"}, "text, json or csv");
    command
        .add_option("--document", blocks->document,
                    "Write blocks.md and its plots into DIR: which block is fast at which shape")
        ->type_name("DIR");
}

}  // namespace

void add_blocks(CLI::App& app) {
    auto blocks = std::make_shared<Blocks>();
    CLI::App* command = app.add_subcommand(
        "blocks", "Time the blocks networks are made of, over height, width and channels");
    blocks->target.add_to(*command);
    blocks->optimise.add_to(*command);
    blocks->optimise.add_effort_to(*command);
    command
        ->add_option("--block", blocks->options.blocks,
                     "A block of 'u65sim blocks --list'; may be repeated; all by default")
        ->type_name("NAME");
    command
        ->add_option("--shape", blocks->shapes,
                     "HEIGHTxWIDTHxCHANNELS of input and output; may be repeated")
        ->type_name("HxWxC");
    command
        ->add_option("--sweep", blocks->sweep,
                     "Sweep these axes: h over 7 to 112, w the same, c over 16 to 512; hwc by "
                     "default when no shape is given")
        ->check(CLI::IsMember({"h", "w", "c", "hw", "hc", "wc", "hwc"}))
        ->type_name("AXES");
    command
        ->add_option("--equal", blocks->equal,
                     "What blocks have in common at a shape; macs and parameters change their "
                     "channels to meet those of the reference")
        ->check(CLI::IsMember({"shape", "macs", "parameters"}))
        ->capture_default_str()
        ->type_name("WHAT");
    command
        ->add_option("--reference", blocks->options.reference,
                     "Block whose MACs or parameters are met")
        ->capture_default_str()
        ->type_name("NAME");
    add_output_options(*command, blocks);
    command->add_flag("--inside", blocks->options.inside,
                      "Measure the second of three equal blocks, between other operators, in place "
                      "of a block that reads the network's input and writes its output");
    // The document has shapes, blocks and a form of its own.
    for (const char* other :
         {"--block", "--shape", "--sweep", "--equal", "--reference", "--inside", "--like-vela",
          "--without", "--optimise", "--effort", "--format", "--output"}) {
        command->get_option("--document")->excludes(command->get_option(other));
    }
    auto only_list = std::make_shared<bool>(false);
    command->add_flag("--list", *only_list, "Name and one line of every block");
    command->footer(
        "Examples:\n"
        "  u65sim blocks --shape 28x28x64\n"
        "  u65sim blocks --block inverted_bottleneck --block fused_inverted_bottleneck --sweep "
        "hwc\n"
        "  u65sim blocks --shape 14x14x96 --equal macs -o blocks.csv\n"
        "  u65sim blocks --document docs");
    command->callback([blocks, only_list] {
        if (*only_list) {
            list();
        } else {
            (*blocks)();
        }
    });
}

}  // namespace u65sim::cli
