#include "target/fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "base/nearest_word.hpp"
#include "target/quantity_text.hpp"
#include "target/traffic_text.hpp"

namespace u65sim::fields {
namespace {

constexpr std::int64_t max_cycles = 1'000'000;
constexpr std::int64_t max_bytes = std::int64_t{1} << 40;

/// What stands in documentation beside a field.
struct Text {
    std::string key, unit, summary, source;
};

Field integer(Text text, std::int64_t low, std::int64_t high,
              std::function<std::int64_t(const Target&)> get,
              std::function<void(Target&, std::int64_t)> set) {
    return {text.key,
            text.unit,
            text.summary,
            text.source,
            fmt::format("a whole number from {} to {}", low, high),
            [get](const Target& target) { return std::to_string(get(target)); },
            [low, high, set](Target& target, std::string_view value) {
                const auto parsed = text::parse_integer(value);
                if (!parsed || *parsed < low || *parsed > high) return false;
                set(target, *parsed);
                return true;
            }};
}

/// Each value under the name it has everywhere.
template <class Value>
std::vector<std::pair<std::string, Value>> named(std::initializer_list<Value> values) {
    std::vector<std::pair<std::string, Value>> choices;
    for (const Value value : values) choices.emplace_back(to_string(value), value);
    return choices;
}

template <class Value>
Field choice(Text text, std::vector<std::pair<std::string, Value>> values,
             std::function<Value&(Target&)> access) {
    std::string range = "one of ";
    for (const auto& each : values) {
        range += (&each == &values.front() ? "" : ", ") + each.first;
    }
    return {
        text.key,
        text.unit,
        text.summary,
        text.source,
        range,
        [values, access](const Target& target) {
            Target copy = target;
            const Value& value = access(copy);
            const auto found = std::find_if(values.begin(), values.end(),
                                            [&](const auto& each) { return each.second == value; });
            return found == values.end() ? std::string{} : found->first;
        },
        [values, access](Target& target, std::string_view value) {
            const auto found = std::find_if(
                values.begin(), values.end(),
                [wanted = text::trim(value)](const auto& each) { return each.first == wanted; });
            if (found == values.end()) return false;
            access(target) = found->second;
            return true;
        }};
}

using MemberOf = Memory Target::*;

Field cycles(Text text, std::int64_t low, std::function<Cycles&(Target&)> access) {
    return integer(
        std::move(text), low, max_cycles,
        [access](const Target& target) {
            Target copy = target;
            return access(copy).count();
        },
        [access](Target& target, std::int64_t value) { access(target) = Cycles{value}; });
}

Field bytes(Text text, std::int64_t low, std::int64_t high, std::function<Bytes&(Target&)> access) {
    return {text.key,
            text.unit,
            text.summary,
            text.source,
            fmt::format("a size from {} to {}, in B, KiB, MiB or GiB",
                        text::format_bytes(Bytes{low}), text::format_bytes(Bytes{high})),
            [access](const Target& target) {
                Target copy = target;
                return text::format_bytes(access(copy));
            },
            [low, high, access](Target& target, std::string_view value) {
                const auto parsed = text::parse_bytes(value);
                if (!parsed || parsed->count() < low || parsed->count() > high) return false;
                access(target) = *parsed;
                return true;
            }};
}

Field real(Text text, std::function<double&(Target&)> access) {
    return {text.key,
            text.unit,
            text.summary,
            text.source,
            "a number from 0 to 1e9",
            [access](const Target& target) {
                Target copy = target;
                return fmt::format("{}", access(copy));
            },
            [access](Target& target, std::string_view value) {
                const auto parsed = text::parse_real(value);
                if (!parsed || *parsed < 0 || *parsed > 1e9) return false;
                access(target) = *parsed;
                return true;
            }};
}

Field clock_or_none(Text text, std::function<Hertz&(Target&)> access) {
    return {text.key,
            text.unit,
            text.summary,
            text.source,
            "0, or a clock from 1MHz to 10GHz",
            [access](const Target& target) {
                Target copy = target;
                return text::format_hertz(access(copy));
            },
            [access](Target& target, std::string_view value) {
                const auto parsed = text::parse_hertz(value);
                if (!parsed || parsed->count() > 10'000'000'000 ||
                    (parsed->count() != 0 && parsed->count() < 1'000'000)) {
                    return false;
                }
                access(target) = *parsed;
                return true;
            }};
}

void add_identity(std::vector<Field>& fields) {
    fields.push_back(
        {"name", "", "Name of the target, for reports.", "free text",
         "one line of 1 to 200 characters", [](const Target& target) { return target.name; },
         [](Target& target, std::string_view value) {
             value = text::trim(value);
             const bool printable = std::none_of(value.begin(), value.end(), [](char c) {
                 return static_cast<unsigned char>(c) < 0x20;
             });
             if (value.empty() || value.size() > 200 || !printable) return false;
             target.name = value;
             return true;
         }});
    fields.push_back(choice<Product>(
        {"accelerator.product", "", "Generation of the NPU.", "register fact: CONFIG word"},
        named({Product::u55, Product::u65}),
        [](Target& target) -> Product& { return target.accelerator.product; }));
    fields.push_back(choice<std::int32_t>(
        {"accelerator.macs_per_cycle", "MAC/cycle",
         "Size of one core's MAC array; decides ublocks, SHRAM and output lanes.",
         "register fact: CONFIG word"},
        {{"32", 32}, {"64", 64}, {"128", 128}, {"256", 256}},
        [](Target& target) -> std::int32_t& { return target.accelerator.macs_per_cycle; }));
    fields.push_back(integer(
        {"accelerator.cores", "", "MAC cores that share a block's output channels.",
         "register fact: CONFIG word"},
        1, 2, [](const Target& target) { return target.accelerator.cores; },
        [](Target& target, std::int64_t value) {
            target.accelerator.cores = static_cast<std::int32_t>(value);
        }));
    fields.push_back(
        {"accelerator.clock", "Hz", "Clock of the NPU; turns cycles into time.",
         "published system configuration", "a clock from 1MHz to 10GHz",
         [](const Target& target) { return text::format_hertz(target.accelerator.clock); },
         [](Target& target, std::string_view value) {
             const auto parsed = text::parse_hertz(value);
             if (!parsed || parsed->count() < 1'000'000 || parsed->count() > 10'000'000'000) {
                 return false;
             }
             target.accelerator.clock = *parsed;
             return true;
         }});
    fields.push_back(choice<MemoryMode>(
        {"memory.mode", "",
         "Where constants, feature maps and fast storage live: sram_only keeps all behind AXI0, "
         "shared_sram the constants behind AXI1, dedicated_sram constants and arena behind AXI1 "
         "with spilling.",
         "published memory mode"},
        named({MemoryMode::sram_only, MemoryMode::shared_sram, MemoryMode::dedicated_sram}),
        [](Target& target) -> MemoryMode& { return target.memory_mode; }));
    fields.push_back(choice<bool>(
        {"memory.ideal", "",
         "No latency, no bandwidth cap and no outstanding limit; the ports' width still binds.",
         "assumed: for what-if runs"},
        {{"false", false}, {"true", true}},
        [](Target& target) -> bool& { return target.ideal_memory; }));
}

void add_memory(std::vector<Field>& fields, const std::string& section, MemberOf memory,
                const std::string& size_summary) {
    const std::string adapter = "published evaluation-kit settings of the memory timing adapters";
    const auto key = [&](const char* name) { return section + "." + name; };
    fields.push_back(choice<std::string>(
        {key("kind"), "", "Name of the memory in reports; flash is never written.",
         "published system configuration"},
        {{"sram", "sram"}, {"dram", "dram"}, {"flash", "flash"}},
        [memory](Target& target) -> std::string& { return (target.*memory).kind; }));
    fields.push_back(bytes({key("size"), "bytes", size_summary, "published system configuration"},
                           1024, max_bytes,
                           [memory](Target& target) -> Bytes& { return (target.*memory).size; }));
    fields.push_back(cycles(
        {key("read_latency"), "cycles", "From a read burst's address to its first data.", adapter},
        0, [memory](Target& target) -> Cycles& { return (target.*memory).read_latency; }));
    fields.push_back(
        cycles({key("write_latency"), "cycles", "From a write burst's last data to its response.",
                adapter},
               0, [memory](Target& target) -> Cycles& { return (target.*memory).write_latency; }));
    fields.push_back(
        {key("bandwidth"), "B/cycle", "Long-run cap on reads and writes together; 0 for none.",
         adapter, "a rate from 0 to 1024 bytes a cycle, such as 3.75 or 15/4",
         [memory](const Target& target) { return text::format_rate((target.*memory).bandwidth); },
         [memory](Target& target, std::string_view value) {
             const auto parsed = text::parse_rate(value);
             if (!parsed || parsed->value() > 1024 || parsed->denominator() > max_bytes) {
                 return false;
             }
             (target.*memory).bandwidth = *parsed;
             return true;
         }});
    fields.push_back(cycles(
        {key("bandwidth_period"), "cycles",
         "The cap is granted anew each period; 0 for a steady rate.", adapter},
        0, [memory](Target& target) -> Cycles& { return (target.*memory).bandwidth_period; }));
    for (const bool reads : {true, false}) {
        const auto member =
            reads ? &Memory::max_outstanding_reads : &Memory::max_outstanding_writes;
        fields.push_back(integer(
            {key(reads ? "max_outstanding_reads" : "max_outstanding_writes"), "bursts",
             fmt::format("{} bursts in flight at once; 0 for no limit.", reads ? "Read" : "Write"),
             adapter},
            0, 1024, [memory, member](const Target& target) { return target.*memory.*member; },
            [memory, member](Target& target, std::int64_t value) {
                target.*memory.*member = static_cast<std::int32_t>(value);
            }));
    }
    fields.push_back(
        choice<Bytes>({key("burst"), "bytes", "Boundary at which the NPU splits its bursts.",
                       "register fact: AXI_LIMIT, 64 B is the driver's default"},
                      {{"64", Bytes{64}}, {"128", Bytes{128}}, {"256", Bytes{256}}},
                      [memory](Target& target) -> Bytes& { return (target.*memory).burst; }));
    fields.push_back(
        {key("available"), "", "Share of the bandwidth that other masters leave to the NPU.",
         "assumed: the NPU has the memory to itself", "a number from 0.01 to 1",
         [memory](const Target& target) { return fmt::format("{}", (target.*memory).available); },
         [memory](Target& target, std::string_view value) {
             const auto parsed = text::parse_real(value);
             if (!parsed || *parsed < 0.01 || *parsed > 1) return false;
             (target.*memory).available = *parsed;
             return true;
         }});
    fields.push_back(
        clock_or_none({key("clock"), "Hz",
                       "Clock in whose cycles latencies and bandwidth are given; 0 for the NPU's.",
                       "published system configuration: in cycles of the NPU"},
                      [memory](Target& target) -> Hertz& { return (target.*memory).clock; }));
}

void add_timing(std::vector<Field>& fields) {
    struct Constant {
        const char* key;
        const char* summary;
        const char* source;
        Cycles TimingConstants::*member;
    };
    const std::array<Constant, 6> constants{{
        {"timing.kernel_setup", "Before a kernel's first IFM load.",
         "calibrated on public measurements", &TimingConstants::kernel_setup},
        {"timing.block_output_delay",
         "From a block's complete accumulators to the output unit, once a block.",
         "calibrated on public measurements", &TimingConstants::block_output_delay},
        {"timing.block_completion", "After the last write response of a block.",
         "calibrated on public measurements", &TimingConstants::block_completion},
        {"timing.block_start",
         "Before the work on a block: MAC array, or output unit when elementwise.",
         "calibrated on public measurements with ideal memory", &TimingConstants::block_start},
        {"timing.burst_overhead",
         "A burst holds its outstanding slot this long beyond latency and data.",
         "calibrated on two points of a public flash latency sweep",
         &TimingConstants::burst_overhead},
        {"timing.command_word", "Command processor, each word of the stream.",
         "assumed: 0 to 2 make no measurable difference", &TimingConstants::command_word},
    }};
    for (const Constant& each : constants) {
        fields.push_back(cycles(
            {each.key, "cycles", each.summary, each.source}, 0,
            [member = each.member](Target& target) -> Cycles& { return target.timing.*member; }));
    }
    fields.push_back(
        bytes({"timing.command_prefetch", "bytes", "Piece in which commands are fetched.",
               "calibrated on one network's public measurements"},
              16, 1024, [](Target& target) -> Bytes& { return target.timing.command_prefetch; }));
    fields.push_back(bytes({"timing.command_window", "bytes",
                            "Commands fetched in front of the one consumed, in whole pieces.",
                            "calibrated on one network's public measurements"},
                           16, 1024,
                           [](Target& target) -> Bytes& { return target.timing.command_window; }));
    fields.push_back(bytes(
        {"timing.weight_buffer", "bytes",
         "Encoded weights fetched ahead of the MAC array, each core.",
         "calibrated on public measurements; unlimited is 2 to 4 % faster where weights stream"},
        64, 1 << 30, [](Target& target) -> Bytes& { return target.timing.weight_buffer; }));
}

void add_host(std::vector<Field>& fields) {
    const std::string source = "assumed: 0 keeps reports to the NPU alone";
    fields.push_back(
        real({"host.driver_call_us", "us", "Driver call, once an NPU segment.", source},
             [](Target& target) -> double& { return target.host.driver_call_us; }));
    fields.push_back(
        real({"host.cpu_operator_us", "us", "Fixed part of every operator on the CPU.", source},
             [](Target& target) -> double& { return target.host.cpu_operator_us; }));
    fields.push_back(real({"host.cpu_bytes_per_us", "B/us",
                           "Rate at which CPU operators move their operands; 0 for free.", source},
                          [](Target& target) -> double& { return target.host.cpu_bytes_per_us; }));
    struct Term {
        const char *key, *unit, *summary;
        double HostTime::*member;
    };
    const std::array<Term, 4> terms{{
        {"host.inference_us", "us", "Runtime's own time, or a message to firmware, an inference.",
         &HostTime::inference_us},
        {"host.runtime_operator_us", "us",
         "Runtime, every operator and every NPU segment that it calls.",
         &HostTime::runtime_operator_us},
        {"host.alternation_us", "us", "Every change between NPU segments and CPU operators.",
         &HostTime::alternation_us},
        {"host.cache_bytes_per_us", "B/us",
         "Rate at which each NPU segment cleans and invalidates the arena in the CPU's cache; 0 "
         "for free.",
         &HostTime::cache_bytes_per_us},
    }};
    const std::string apart = "assumed: 0 leaves it out of the whole inference";
    for (const Term& each : terms) {
        fields.push_back(real(
            {each.key, each.unit, each.summary, apart},
            [member = each.member](Target& target) -> double& { return target.host.*member; }));
    }
    fields.push_back(
        choice<Cpu>({"host.cpu", "",
                     "CPU whose cycles an element or MAC the operators left to it take.", apart},
                    named({Cpu::none, Cpu::cortex_m55, Cpu::cortex_m85, Cpu::cortex_a55}),
                    [](Target& target) -> Cpu& { return target.host.cpu; }));
    fields.push_back(clock_or_none({"host.cpu_clock", "Hz", "Clock of that CPU.", apart},
                                   [](Target& target) -> Hertz& { return target.host.cpu_clock; }));
}

void add_hypothetical(std::vector<Field>& fields) {
    const std::string source = "assumed: hardware that does not exist; reports say so";
    const auto of = [](Target& target) -> Hypothetical& { return target.accelerator.hypothetical; };
    const auto names = [](auto... values) {
        return std::vector<std::pair<std::string, std::common_type_t<decltype(values)...>>>{
            {std::string{to_string(values)}, values}...};
    };
    fields.push_back(choice<Winograd>(
        {"hypothetical.winograd", "", "A MAC array for Winograd's 3x3 convolutions.", source},
        names(Winograd::none, Winograd::f2x2, Winograd::f4x4, Winograd::f4x4_complex),
        [of](Target& target) -> Winograd& { return of(target).winograd; }));
    fields.push_back(choice<ZeroSkipping>(
        {"hypothetical.zero_skipping", "", "A MAC array that skips weights of zero.", source},
        names(ZeroSkipping::none, ZeroSkipping::pattern_2_4, ZeroSkipping::unstructured),
        [of](Target& target) -> ZeroSkipping& { return of(target).zero_skipping; }));
    fields.push_back({"hypothetical.weight_density", "",
                      "Share of weights that unstructured skipping meets.", source,
                      "a number from 0.01 to 1",
                      [](const Target& target) {
                          return fmt::format("{}", target.accelerator.hypothetical.weight_density);
                      },
                      [](Target& target, std::string_view value) {
                          const auto parsed = text::parse_real(value);
                          if (!parsed || *parsed < 0.01 || *parsed > 1) return false;
                          target.accelerator.hypothetical.weight_density = *parsed;
                          return true;
                      }});
    fields.push_back(choice<bool>(
        {"hypothetical.four_bit_weights", "", "Weights of 4 bits at twice the rate.", source},
        {{"false", false}, {"true", true}},
        [of](Target& target) -> bool& { return of(target).four_bit_weights; }));
    for (const bool is_shram : {false, true}) {
        const auto member = is_shram ? &Hypothetical::shram : &Hypothetical::ublocks;
        fields.push_back(integer(
            {is_shram ? "hypothetical.shram" : "hypothetical.ublocks", "",
             is_shram ? "SHRAM of each core, as a multiple of the real one."
                      : "Ublocks of each core, as a multiple of the real ones.",
             source},
            1, is_shram ? 4 : 16,
            [member](const Target& target) { return target.accelerator.hypothetical.*member; },
            [member](Target& target, std::int64_t value) {
                target.accelerator.hypothetical.*member = static_cast<std::int32_t>(value);
            }));
    }
}

void add_platform(std::vector<Field>& fields) {
    fields.push_back(
        {"platform.traffic", "",
         "What else uses the memories while the NPU runs, each \"MEMORY RATE\" with what "
         "differs from burst=64 B, read_share=1 and outstanding=32.",
         "assumed: none", text::traffic_range(),
         [](const Target& target) { return text::format_traffic(target.traffic); },
         [](Target& target, std::string_view value) {
             const auto parsed = text::parse_traffic(value);
             if (parsed) target.traffic = *parsed;
             return parsed.has_value();
         }});
}

std::vector<Field> make_table() {
    std::vector<Field> fields;
    add_identity(fields);
    add_memory(fields, "sram", &Target::sram,
               "Memory behind AXI0: the arena's limit, with dedicated_sram that of fast storage.");
    add_memory(fields, "dram", &Target::off_chip,
               "Memory behind AXI1: limits model plus activations.");
    add_timing(fields);
    add_host(fields);
    add_hypothetical(fields);
    add_platform(fields);
    return fields;
}

}  // namespace

const std::vector<Field>& table() {
    static const std::vector<Field> fields = make_table();
    return fields;
}

const Field* find(std::string_view key) {
    const auto found = std::find_if(table().begin(), table().end(),
                                    [key](const Field& field) { return field.key == key; });
    return found == table().end() ? nullptr : &*found;
}

std::string unknown_key(std::string_view key) {
    std::vector<std::string> keys;
    for (const Field& field : table()) keys.push_back(field.key);
    // A section's name left out is a likelier slip than a wholly different key.
    for (const std::string& known : keys) {
        if (known.size() > key.size() + 1 && known.ends_with(key) &&
            known[known.size() - key.size() - 1] == '.') {
            return fmt::format("unknown key {}; the nearest known one is {}", key, known);
        }
    }
    return fmt::format("unknown key {}; {}", key, known_words(key, keys));
}

void assign(Target& target, std::string_view key, std::string_view value) {
    const Field* field = find(key);
    if (!field) throw InvalidConfig(unknown_key(key));
    if (assign_range(target, *field, value)) return;
    if (!field->set(target, value)) {
        throw InvalidConfig(
            fmt::format("{} = {}: must be {}", key, text::trim(value), field->range));
    }
    // What was said of another value says nothing of this one.
    std::erase_if(target.sources, [&](const FieldSource& each) {
        return each.key == field->key && each.value != field->get(target);
    });
}

}  // namespace u65sim::fields
