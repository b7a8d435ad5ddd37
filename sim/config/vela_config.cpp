#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>
#include "base/nearest_word.hpp"
#include "config/ini.hpp"
#include "config/text_file.hpp"
#include "target/architecture.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

using config::IniFile;
using config::IniSection;
using config::IniValue;

constexpr std::int64_t max_number = 1'000'000;

/// Two sections of the file, read into a Target that starts as the accelerator's preset.
class VelaReader {
public:
    VelaReader(const IniFile& file, Target& target) : file_(file), target_(target) {}

    void read_system(std::string_view name) {
        section_ = "System_Config." + std::string(name);
        const IniSection section = file_.section(section_);
        check_keys(section, system_keys());
        const IniValue& clock = required(section, "core_clock");
        const auto hertz = text::parse_hertz(clock.text);
        if (!hertz || hertz->count() < 1'000'000 || hertz->count() > 10'000'000'000) {
            fail(clock, "core_clock", "must be a clock from 1e6 to 1e10");
        }
        target_.accelerator.clock = *hertz;
        read_area(section, required(section, "axi0_port"), target_.sram);
        read_area(section, required(section, "axi1_port"), target_.off_chip);
    }

    void read_mode(std::string_view name) {
        section_ = "Memory_Mode." + std::string(name);
        const IniSection section = file_.section(section_);
        check_keys(section,
                   {"const_mem_area", "arena_mem_area", "cache_mem_area", "arena_cache_size"});
        const int constants = port(section, "const_mem_area");
        const int arena = port(section, "arena_mem_area");
        const int cache = port(section, "cache_mem_area");
        if (constants == 0 && arena == 0 && cache == 0) {
            target_.memory_mode = MemoryMode::sram_only;
        } else if (constants == 1 && arena == 0 && cache == 0) {
            target_.memory_mode = MemoryMode::shared_sram;
        } else if (constants == 1 && arena == 1 && cache == 0) {
            target_.memory_mode = MemoryMode::dedicated_sram;
        } else {
            fail(section.find("const_mem_area")->second, "const_mem_area",
                 "constants, arena and cache must be on Axi0 0 0, 1 0 0 or 1 1 0");
        }
        if (const auto size = section.find("arena_cache_size"); size != section.end()) {
            const auto bytes = text::parse_bytes(size->second.text);
            if (!bytes || bytes->count() < 1024) {
                fail(size->second, "arena_cache_size", "must be whole bytes, at least 1024");
            }
            target_.sram.size = *bytes;
        }
    }

private:
    [[noreturn]] void fail(const IniValue& value, std::string_view key,
                           std::string_view message) const {
        file_.fail(value.line, fmt::format("{} = {}: {}", key, value.text, message));
    }

    static const std::vector<std::string>& areas() {
        static const std::vector<std::string> names{"Sram", "Dram", "OnChipFlash", "OffChipFlash"};
        return names;
    }

    static std::vector<std::string> system_keys() {
        std::vector<std::string> keys{"core_clock", "axi0_port", "axi1_port"};
        for (const std::string& area : areas()) {
            for (const char* name : {"clock_scale", "burst_length", "read_latency", "write_latency",
                                     "max_reads", "max_writes", "ports_used"}) {
                keys.push_back(area + "_" + name);
            }
        }
        return keys;
    }

    void check_keys(const IniSection& section, const std::vector<std::string>& known) const {
        for (const auto& [key, value] : section) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                file_.fail(value.line, fmt::format("unknown key {}; {}", key.substr(0, 200),
                                                   known_words(key, known)));
            }
        }
    }

    [[nodiscard]] const IniValue& required(const IniSection& section, std::string_view key) const {
        const auto found = section.find(key);
        if (found == section.end()) {
            throw InvalidConfig(
                fmt::format("{}: [{}]: must have {}", file_.origin(), section_, key));
        }
        return found->second;
    }

    int port(const IniSection& section, std::string_view key) const {
        const IniValue& value = required(section, key);
        if (value.text == "Axi0") return 0;
        if (value.text == "Axi1") return 1;
        fail(value, key, "must be Axi0 or Axi1");
    }

    std::optional<std::int64_t> number(const IniSection& section, const std::string& key) const {
        const auto found = section.find(key);
        if (found == section.end()) return std::nullopt;
        const auto value = text::parse_integer(found->second.text);
        if (!value || *value < 0 || *value > max_number) {
            fail(found->second, key,
                 fmt::format("must be a whole number from 0 to {}", max_number));
        }
        return value;
    }

    void read_area(const IniSection& section, const IniValue& area, Memory& memory) const {
        if (std::find(areas().begin(), areas().end(), area.text) == areas().end()) {
            fail(area, "port", fmt::format("must be one of {}", fmt::join(areas(), ", ")));
        }
        memory.kind = area.text == "Sram" ? "sram" : area.text == "Dram" ? "dram" : "flash";
        const std::string prefix = area.text + "_";

        const IniValue& scale = required(section, prefix + "clock_scale");
        const auto rate = text::parse_rate(scale.text);
        if (!rate || rate->numerator() == 0 || rate->value() > 1) {
            fail(scale, prefix + "clock_scale", "must be above 0 and at most 1");
        }
        const std::int64_t width = architecture(target_.accelerator).axi_width_bytes;
        memory.bandwidth =
            BytesPerCycle{detail::checked_mul(rate->numerator(), width), rate->denominator()};

        if (const auto latency = number(section, prefix + "read_latency")) {
            memory.read_latency = Cycles{*latency};
        }
        if (const auto latency = number(section, prefix + "write_latency")) {
            memory.write_latency = Cycles{*latency};
        }
        if (const auto limit = outstanding(section, prefix + "max_reads")) {
            memory.max_outstanding_reads = *limit;
        }
        if (const auto limit = outstanding(section, prefix + "max_writes")) {
            memory.max_outstanding_writes = *limit;
        }
        // The length at which the memory is efficient, not the NPU's burst split: only checked.
        static_cast<void>(number(section, prefix + "burst_length"));
        if (const auto ports = number(section, prefix + "ports_used"); ports && *ports != 1) {
            fail(section.find(prefix + "ports_used")->second, prefix + "ports_used",
                 "must be 1: an Ethos-U55 or U65 has one port a memory");
        }
    }

    std::optional<std::int32_t> outstanding(const IniSection& section,
                                            const std::string& key) const {
        const auto value = number(section, key);
        if (value && *value > 1024) {
            fail(section.find(key)->second, key, "must be a whole number from 0 to 1024");
        }
        return value ? std::optional{static_cast<std::int32_t>(*value)} : std::nullopt;
    }

    const IniFile& file_;
    Target& target_;
    std::string section_;
};

}  // namespace

Target Target::from_vela_config(const std::filesystem::path& file, std::string_view system_config,
                                std::string_view memory_mode, std::string_view accelerator) {
    constexpr std::string_view product = "ethos-";
    const std::string_view name =
        accelerator.starts_with(product) ? accelerator.substr(product.size()) : accelerator;
    Target target = preset(name);
    const IniFile ini(config::read_text_file(file), file.string());
    VelaReader reader(ini, target);
    reader.read_system(system_config);
    reader.read_mode(memory_mode);
    target.name = fmt::format("{} {} {}", name, system_config, memory_mode);
    try {
        target.validate();
    } catch (const InvalidConfig& error) {
        throw InvalidConfig(fmt::format("{}: {}", file.string(), error.what()));
    }
    return target;
}

}  // namespace u65sim
