#include "machine/systemc/vcd_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <u65sim/error.hpp>

namespace u65sim::machine {

namespace fs = std::filesystem;

VcdFile::VcdFile(std::string file)
    : file_(std::move(file)), temporary_(fmt::format("{}.{}.tmp", file_, ::getpid())) {
    errno = 0;
    out_.open(temporary_, std::ios::binary | std::ios::trunc);
    check();
}

VcdFile::~VcdFile() {
    out_.close();
    std::error_code ignored;
    fs::remove(temporary_, ignored);
    fs::remove(part() + ".vcd", ignored);
}

void VcdFile::check() const {
    if (!out_) {
        throw FileError(
            fmt::format("{}: cannot write: {}", file_, std::strerror(errno != 0 ? errno : EIO)));
    }
}

void VcdFile::append_part(Time epoch, Time start, Time cycles) {
    std::ifstream in{part() + ".vcd", std::ios::binary};
    if (!in) throw FileError(fmt::format("{}.vcd: cannot read what SystemC traced", part()));
    // The header names the signals; it is the same for every run. SystemC dates it and calls a
    // tick a picosecond.
    bool header = true, inside_values = false, skip = false;
    for (std::string line; std::getline(in, line);) {
        if (header && line.find("$enddefinitions") != std::string::npos) {
            if (first_) {
                out_ << line << "\n$comment one time unit is one NPU cycle $end\n";
            }
            header = false;
            continue;
        }
        if (header) {
            if (!first_) continue;
            if (line.starts_with("$date")) skip = true;
            if (line.starts_with("$timescale")) {
                out_ << "$timescale\n     1 ns\n$end\n";
                skip = true;
            }
            if (!skip) out_ << line << '\n';
            if (line.find("$end") != std::string::npos) skip = false;
            continue;
        }
        if (line.starts_with("$dumpvars")) {
            if (start != last_) out_ << '#' << start << '\n';
            last_ = start;
            inside_values = true;
            if (first_) out_ << line << '\n';
            continue;
        }
        if (line.starts_with("$end")) {
            if (inside_values && first_) out_ << line << '\n';
            inside_values = false;
            continue;
        }
        if (line.starts_with('#')) {
            Time time = 0;
            std::from_chars(line.data() + 1, line.data() + line.size(), time);
            if (time - epoch > cycles) break;  // the units come to rest
            const Time at = time - epoch + start;
            if (at != last_) out_ << '#' << at << '\n';
            last_ = at;
            continue;
        }
        if (line.empty() || line.starts_with("$") || line.starts_with("All initial")) continue;
        out_ << line << '\n';
    }
    first_ = false;
    check();
}

void VcdFile::finish(Time total) {
    if (total > last_) out_ << '#' << total << '\n';
    out_.close();
    check();
    std::error_code error;
    fs::rename(temporary_, file_, error);
    if (error) throw FileError(fmt::format("{}: cannot write: {}", file_, error.message()));
}

}  // namespace u65sim::machine
