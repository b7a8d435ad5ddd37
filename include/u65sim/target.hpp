// The hardware's numbers: which accelerator, which memories behind its two ports, what time costs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/units.hpp>

namespace u65sim {

enum class Product : std::uint8_t { u55, u65 };
std::string_view to_string(Product product);

/// Where constants, arena and fast storage live (Vela's terms).
enum class MemoryMode : std::uint8_t {
    sram_only,       ///< everything behind AXI0
    shared_sram,     ///< constants behind AXI1, the arena behind AXI0
    dedicated_sram,  ///< constants and arena behind AXI1, fast storage (spilling) behind AXI0
};
std::string_view to_string(MemoryMode mode);

enum class Winograd : std::uint8_t { none, f2x2, f4x4, f4x4_complex };
std::string_view to_string(Winograd winograd);
enum class ZeroSkipping : std::uint8_t { none, pattern_2_4, unstructured };
std::string_view to_string(ZeroSkipping skipping);

/// Hardware that does not exist, for what-if runs: off by default, and every report says what is on
/// and what it assumes (Target::hypotheses).
struct Hypothetical {
    Winograd winograd = Winograd::none;  ///< for 3x3 convolutions of 8 bits with stride 1
    ZeroSkipping zero_skipping = ZeroSkipping::none;
    double weight_density = 1.0;    ///< not zero, as a share: for unstructured zero skipping
    bool four_bit_weights = false;  ///< at twice the rate
    std::int32_t ublocks = 1;       ///< times as many in each core
    std::int32_t shram = 1;         ///< times as much in each core
    bool operator==(const Hypothetical&) const = default;
};

/// The NPU itself. What follows from these (ublocks, SHRAM banks, lanes) is in
/// sim/target/architecture.hpp.
struct Accelerator {
    Product product = Product::u65;
    std::int32_t macs_per_cycle = 256;  ///< of one core
    std::int32_t cores = 1;
    Hertz clock{1'000'000'000};
    Hypothetical hypothetical;
    bool operator==(const Accelerator&) const = default;
};

/// One memory and the AXI port it stands behind. Latencies are from address to first data.
struct Memory {
    std::string kind = "sram";  ///< "sram", "dram" or "flash": a name for reports
    Bytes size{0};
    Cycles read_latency{0};
    Cycles write_latency{0};
    BytesPerCycle bandwidth;     ///< long-run cap, reads and writes together; zero: none
    Cycles bandwidth_period{0};  ///< the cap is granted anew each period; zero: steady
    std::int32_t max_outstanding_reads = 0;   ///< bursts in flight; zero: unlimited
    std::int32_t max_outstanding_writes = 0;  ///< bursts in flight; zero: unlimited
    Bytes burst{64};                          ///< AXI_LIMIT's burst split boundary: 64, 128 or 256
    double available = 1.0;  ///< share of the bandwidth that other masters leave, above 0 to 1
    Hertz clock{0};          ///< latencies and bandwidth count its cycles; zero: the NPU's
    bool operator==(const Memory&) const = default;
};

/// Cycle constants of the machine that no register or public model fixes. Each one's source and
/// range stand in the field table (sim/target/fields.cpp).
struct TimingConstants {
    Cycles kernel_setup{65};        ///< before a kernel's first IFM load
    Cycles block_output_delay{10};  ///< accumulators complete -> output unit, once a block
    Cycles block_completion{50};    ///< after the last write response of a block
    Cycles burst_overhead{7};       ///< a burst holds its slot this long beyond latency and data
    Cycles command_word{0};         ///< command processor, each word
    Bytes command_prefetch{32};     ///< command fetch granule
    Bytes command_window{96};       ///< commands fetched in front of the consumer, whole granules
    Bytes weight_buffer{1216};      ///< encoded weights fetched ahead of the MAC array, each core
    Cycles block_start{10};         ///< before the work on a block begins
    bool operator==(const TimingConstants&) const = default;
};

/// CPUs whose cost of an operator is known (sim/host/cpu_costs.cpp).
enum class Cpu : std::uint8_t { none, cortex_m55, cortex_m85, cortex_a55 };
std::string_view to_string(Cpu cpu);

/// Time outside the NPU, never part of its cycles. Zero by default. The first three are added to a
/// report's latency; all of them to the whole inference (Report::inference).
struct HostTime {
    double driver_call_us = 0.0;    ///< once an NPU segment
    double cpu_operator_us = 0.0;   ///< fixed part, once a CPU operator
    double cpu_bytes_per_us = 0.0;  ///< CPU operators move their operands at this rate; zero: free
    double inference_us = 0.0;      ///< once an inference: the runtime's own, a message to firmware
    double runtime_operator_us = 0.0;  ///< the runtime, each operator and each NPU segment it calls
    double alternation_us = 0.0;       ///< each change between NPU and CPU operators
    /// Each segment cleans and invalidates the arena in the CPU's cache at this rate; zero: free.
    double cache_bytes_per_us = 0.0;
    Cpu cpu = Cpu::none;  ///< whose costs CPU operators have; none: only the terms above
    Hertz cpu_clock{0};
    bool operator==(const HostTime&) const = default;
};

/// Where a number of a target is from, and between what it may lie.
struct FieldSource {
    enum class Kind : std::uint8_t {
        vendor,     ///< a figure that the maker gives out for tools
        published,  ///< a datasheet, a driver, another's figure
        measured,   ///< follows from measurements of the board
        assumed,
    };
    std::string key;    ///< of the field, as `describe_fields` names it
    std::string value;  ///< as --set takes it: says nothing once the field has another
    Kind kind = Kind::assumed;
    std::string text;       ///< the document, or the reason
    std::string low, high;  ///< the range; both empty where none is given
    bool operator==(const FieldSource&) const = default;
};
std::string_view to_string(FieldSource::Kind kind);
/// The end of a range: at which the network takes least, or most.
enum class RangeEnd : std::uint8_t { fast, slow };

/// What else uses one of the memories while the NPU runs: a CPU, a display, a camera. Requests come
/// at a steady rate from when the run begins.
struct MemoryTraffic {
    bool off_chip = true;  ///< the memory behind AXI1; false: the one behind AXI0
    std::int64_t bytes_per_second = 0;
    Bytes burst{64};
    double read_share = 1.0;  ///< of the requests, 0 to 1
    std::int32_t max_outstanding = 32;
    bool operator==(const MemoryTraffic&) const = default;
};

/// A complete target. A regular value; build it from a preset or YAML and change any field.
struct Target {
    std::string name = "u65-256";
    Accelerator accelerator;
    MemoryMode memory_mode = MemoryMode::dedicated_sram;
    Memory sram;      ///< behind AXI0. `size` is the arena's (dedicated: fast storage's) limit
    Memory off_chip;  ///< behind AXI1: DRAM or flash. `size` limits model plus activations
    bool ideal_memory =
        false;  ///< no latency, no cap, no outstanding limit; port width still binds
    TimingConstants timing;
    HostTime host;
    std::vector<MemoryTraffic> traffic;  ///< none by default; eight at most
    std::vector<FieldSource> sources;    ///< by key, one a field; of fields not here the table says

    bool operator==(const Target&) const = default;

    /// One of preset_names(); throws InvalidConfig naming the nearest known one.
    static Target preset(std::string_view name);
    static std::vector<std::string> preset_names();
    /// Boards that can be bought, which preset() takes too.
    static std::vector<std::string> board_names();
    /// Throws FileError or InvalidConfig (file:line:column: key = value: what would be right).
    static Target from_yaml(const std::filesystem::path& file);
    /// `origin` stands for the file in messages.
    static Target from_yaml_text(std::string_view text, std::string_view origin = "<text>");
    /// Vela's .ini as it is: one [System_Config.NAME] and one [Memory_Mode.NAME], for the given
    /// accelerator name ("ethos-u65-256" or "u65-256").
    static Target from_vela_config(const std::filesystem::path& file,
                                   std::string_view system_config, std::string_view memory_mode,
                                   std::string_view accelerator);
    /// "sram.size=512KiB", "memory.ideal=true", "dram.bandwidth=7.5" ... (any key of
    /// describe_fields). A plain number may be a range, "dram.available=0.5..0.9": its middle is
    /// taken. Throws InvalidConfig.
    void set(std::string_view assignment);
    /// Throws InvalidConfig when values contradict each other.
    void validate() const;
    /// Every field as YAML that from_yaml_text reads back to an equal Target.
    [[nodiscard]] std::string to_yaml() const;
    /// Vela's .ini with the sections [System_Config.NAME] and [Memory_Mode.NAME], NAME being this
    /// target's with '_' for what is no letter or digit. What Vela has no key for is left out.
    [[nodiscard]] std::string to_vela_config() const;

    /// This target with every field that has a range at one end of it; whether it has any.
    [[nodiscard]] Target at(RangeEnd end) const;
    [[nodiscard]] bool has_ranges() const;

    [[nodiscard]] std::int64_t peak_macs_per_cycle() const {
        return std::int64_t{accelerator.macs_per_cycle} * accelerator.cores *
               accelerator.hypothetical.ublocks;
    }
    /// What this target assumes of hardware that does not exist, as sentences; none for real ones.
    [[nodiscard]] std::vector<std::string> hypotheses() const;
};

/// What a field of a Target is called, means, and where its default comes from.
struct TargetField {
    std::string key;      ///< dotted, as in YAML and --set
    std::string unit;     ///< "cycles", "bytes", "B/cycle", "Hz", "" ...
    std::string summary;  ///< one sentence
    std::string
        source;         ///< register fact, published model, public measurement, calibrated, assumed
    std::string range;  ///< what is accepted, readable
    std::string value;  ///< of the target asked, as --set would take it
    std::optional<double> number;  ///< the value in `unit`; none for texts and truth values
    /// What the target itself says of its number; `source` then holds its text.
    std::optional<FieldSource> stated;
};
std::vector<TargetField> describe_fields(const Target& target);

}  // namespace u65sim
