#include "machine/systemc/vcd_file.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine {

VcdFile::VcdFile(std::string file) : out_(std::move(file)), run_(out_.folder(), ".vcd") {}

std::string VcdFile::part() const {
    std::filesystem::path name = run_.path();
    return name.replace_extension().string();
}

void VcdFile::put(std::string_view line) {
    out_.write(line);
    out_.write("\n");
}

void VcdFile::append_part(Time epoch, Time start, Time cycles) {
    std::ifstream in{run_.path(), std::ios::binary};
    if (!in) {
        throw FileError(fmt::format("{}: cannot read what SystemC traced", run_.path().string()));
    }
    // The header names the signals; it is the same for every run. SystemC dates it and calls a
    // tick a picosecond.
    bool header = true, inside_values = false, skip = false;
    for (std::string line; std::getline(in, line);) {
        if (header && line.find("$enddefinitions") != std::string::npos) {
            if (first_) {
                put(line);
                put("$comment one time unit is one NPU cycle $end");
            }
            header = false;
            continue;
        }
        if (header) {
            if (!first_) continue;
            if (line.starts_with("$date")) skip = true;
            if (line.starts_with("$timescale")) {
                put("$timescale\n     1 ns\n$end");
                skip = true;
            }
            if (!skip) put(line);
            if (line.find("$end") != std::string::npos) skip = false;
            continue;
        }
        if (line.starts_with("$dumpvars")) {
            if (start != last_) put(fmt::format("#{}", start));
            last_ = start;
            inside_values = true;
            if (first_) put(line);
            continue;
        }
        if (line.starts_with("$end")) {
            if (inside_values && first_) put(line);
            inside_values = false;
            continue;
        }
        if (line.starts_with('#')) {
            Time time = 0;
            std::from_chars(line.data() + 1, line.data() + line.size(), time);
            if (time - epoch > cycles) break;  // the units come to rest
            const Time at = time - epoch + start;
            if (at != last_) put(fmt::format("#{}", at));
            last_ = at;
            continue;
        }
        if (line.empty() || line.starts_with("$") || line.starts_with("All initial")) continue;
        put(line);
    }
    first_ = false;
}

void VcdFile::finish(Time total) {
    if (first_) put("$timescale\n     1 ns\n$end\n$enddefinitions $end");  // nothing ran
    if (total > last_) put(fmt::format("#{}", total));
    out_.finish();
}

}  // namespace u65sim::machine
