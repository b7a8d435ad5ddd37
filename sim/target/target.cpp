#include <u65sim/target.hpp>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "target/architecture.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

void validate_memory(std::string_view section, const Memory& memory, int address_bits) {
    if (memory.size.count() <= 0 || memory.size.count() > std::int64_t{1} << address_bits) {
        throw InvalidConfig(
            fmt::format("{}.size = {}: must be above 0 and at most 2^{} bytes, what "
                        "the accelerator addresses",
                        section, text::format_bytes(memory.size), address_bits));
    }
    if (memory.bandwidth.numerator() == 0 && memory.bandwidth_period.count() > 0) {
        throw InvalidConfig(fmt::format("{}.bandwidth_period = {}: must be 0 without a bandwidth",
                                        section, memory.bandwidth_period.count()));
    }
}

/// A source says something of a field that there is, and its ends are values of the field.
void validate_sources(const Target& target) {
    for (const FieldSource& each : target.sources) {
        const fields::Field* field = fields::find(each.key);
        if (!field) throw InvalidConfig(fields::unknown_key(each.key));
        if (each.low.empty() && each.high.empty()) continue;
        Target copy = target;
        const auto low = fields::number(*field, each.low);
        const auto high = fields::number(*field, each.high);
        const auto value = fields::number(*field, each.value);
        if (!low || !high || !value || *low > *value || *value > *high ||
            !field->set(copy, each.low) || !field->set(copy, each.high)) {
            throw InvalidConfig(
                fmt::format("{}: range = [{}, {}]: must be two values of the field, {} between "
                            "them; each must be {}",
                            each.key, each.low, each.high, each.value, field->range));
        }
    }
}

void validate_timing(const TimingConstants& timing) {
    if (timing.command_window < timing.command_prefetch) {
        throw InvalidConfig(
            fmt::format("timing.command_window = {}: must be at least timing.command_prefetch, {}",
                        text::format_bytes(timing.command_window),
                        text::format_bytes(timing.command_prefetch)));
    }
}

}  // namespace

void Target::set(std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        throw InvalidConfig(
            fmt::format("{}: must be key=value, such as sram.size=512KiB", assignment));
    }
    fields::assign(*this, text::trim(assignment.substr(0, equals)), assignment.substr(equals + 1));
}

void Target::validate() const {
    // Stays equal: every field is set to what it is.
    Target copy = *this;
    for (const fields::Field& field : fields::table()) {
        // What the table would not take can still be put into the struct by hand.
        const std::string value = field.get(*this);
        if (!field.set(copy, value)) {
            throw InvalidConfig(fmt::format("{} = {}: must be {}", field.key, value, field.range));
        }
    }
    const Hypothetical& asked = accelerator.hypothetical;
    if (asked.winograd != Winograd::none && asked.zero_skipping != ZeroSkipping::none) {
        throw InvalidConfig(fmt::format(
            "hypothetical.zero_skipping = {}: must be none with hypothetical.winograd = {}: "
            "transformed filters have no zeros",
            to_string(asked.zero_skipping), to_string(asked.winograd)));
    }
    validate_timing(timing);
    validate_sources(*this);
    if (host.cpu != Cpu::none && host.cpu_clock.count() == 0) {
        throw InvalidConfig(fmt::format("host.cpu_clock = 0: must be above 0 with host.cpu = {}",
                                        to_string(host.cpu)));
    }
    const Architecture arch = architecture(accelerator);
    validate_memory("sram", sram, arch.address_bits);
    if (memory_mode == MemoryMode::sram_only) return;
    validate_memory("dram", off_chip, arch.address_bits);
    if (memory_mode == MemoryMode::dedicated_sram && off_chip.kind == "flash") {
        throw InvalidConfig(
            "dram.kind = flash: must be sram or dram with memory.mode = dedicated_sram, which "
            "writes feature maps there");
    }
}

std::vector<TargetField> describe_fields(const Target& target) {
    std::vector<TargetField> result;
    for (const fields::Field& field : fields::table()) {
        TargetField described{field.key,   field.unit,        field.summary, field.source,
                              field.range, field.get(target), std::nullopt,  std::nullopt};
        if (field.key != "name") described.number = fields::number(field, described.value);
        if (const FieldSource* stated = fields::source_of(target, field)) {
            described.source = fmt::format("{}: {}", to_string(stated->kind), stated->text);
            described.stated = *stated;
        }
        result.push_back(std::move(described));
    }
    return result;
}

std::string_view to_string(Cpu cpu) {
    switch (cpu) {
        case Cpu::none:
            return "none";
        case Cpu::cortex_m55:
            return "cortex-m55";
        case Cpu::cortex_m85:
            return "cortex-m85";
        case Cpu::cortex_a55:
            break;
    }
    return "cortex-a55";
}

}  // namespace u65sim
