// What stands on a platform's bus beside the NPU, as numbers: buses, other initiators, a DRAM with
// banks. The SystemC modules that are made from them are in u65sim/systemc/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/units.hpp>

namespace u65sim {

/// Which of several waiting initiators a bus serves next.
enum class Arbitration : std::uint8_t {
    round_robin,  ///< the one whose last grant is the longest ago
    priority,     ///< the lowest number in BusParameters::priorities; equal ones in turn
};

/// Addresses that a bus hands to one of its targets.
struct AddressWindow {
    std::uint64_t first = 0;  ///< byte address at the bus
    std::uint64_t bytes = 0;
    std::size_t target = 0;            ///< index into BusModule::out
    std::uint64_t target_address = 0;  ///< what the target sees for `first`
    bool operator==(const AddressWindow&) const = default;
};

/// A bus of split transactions: a request channel that carries writes' data and a response channel
/// that carries reads' data. Its figures are assumptions of whoever describes the platform.
struct BusParameters {
    std::size_t initiators = 1;
    std::size_t targets = 1;
    std::vector<AddressWindow> map;  ///< windows must not overlap
    Hertz clock{1'000'000'000};
    BytesPerCycle bandwidth{16, 1};  ///< of each channel; above zero
    Cycles latency{0};               ///< each way, beyond the cycles that a channel is taken
    bool crossbar = true;            ///< two channels for each target; false: two for all of them
    Arbitration arbitration = Arbitration::round_robin;
    std::vector<int> priorities;     ///< one for each initiator; empty: their order
    std::size_t max_in_flight = 64;  ///< transactions of one initiator, from grant to END_RESP
    std::size_t target_queue = 8;    ///< granted requests that a target has not yet taken
    bool operator==(const BusParameters&) const = default;

    /// Throws InvalidConfig.
    void validate() const;
};

/// One request of an initiator that plays a trace.
struct TrafficRequest {
    std::uint64_t time_ps = 0;  ///< earliest start, picoseconds from the simulation's begin
    bool write = false;
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
    bool operator==(const TrafficRequest&) const = default;
};

/// Reads a trace: a request a line, `time_ns R|W address bytes`, in order of time; addresses
/// decimal or 0x..., blank lines and what follows a # are left out. Throws FileError or
/// InvalidConfig (file:line:column: ...).
std::vector<TrafficRequest> read_traffic_trace(const std::filesystem::path& file);
/// The same from text; `origin` stands for the file in messages.
std::vector<TrafficRequest> parse_traffic_trace(std::string_view text,
                                                std::string_view origin = "<text>");

enum class TrafficPattern : std::uint8_t {
    linear,   ///< burst after burst, from the first again behind the last
    random,   ///< any whole burst of the range
    strided,  ///< `stride` bytes on from the burst before, modulo the range
};

/// An initiator that stands for a CPU, a display or a camera: bursts at a steady rate, or a trace.
struct TrafficParameters {
    double bytes_per_second = 0.0;  ///< zero: as fast as `max_outstanding` allows
    std::uint32_t burst = 64;       ///< bytes of a request
    TrafficPattern pattern = TrafficPattern::linear;
    std::uint64_t stride = 0;  ///< bytes, for `strided`
    std::uint64_t first = 0;   ///< byte address of the range
    std::uint64_t bytes = 1 << 20;
    double read_share = 1.0;     ///< share of requests that are reads, 0 to 1
    std::uint64_t seed = 1;      ///< of random addresses and of which requests are reads
    std::uint64_t requests = 0;  ///< how many; zero: without end
    std::size_t max_outstanding = 8;
    bool blocking = false;              ///< b_transport, one at a time, in place of the four phases
    std::vector<TrafficRequest> trace;  ///< in place of rate, pattern and count when not empty
    bool operator==(const TrafficParameters&) const = default;

    /// Throws InvalidConfig.
    void validate() const;
};

/// How addresses are spread over banks: from the most to the least significant part.
enum class DramMapping : std::uint8_t { row_bank_column, bank_row_column, row_column_bank };

enum class DramScheduling : std::uint8_t {
    fcfs,     ///< column accesses in order of arrival
    fr_fcfs,  ///< accesses to open rows first, the oldest among equals
};

/// One channel of a DRAM and its controller. Times are cycles of `clock`, the memory's command
/// clock; names are JEDEC's. Data move twice a cycle.
struct BankedDramParameters {
    std::string name = "dram";
    Hertz clock{800'000'000};
    int width = 16;        ///< data pins, a multiple of 8
    int burst_length = 8;  ///< transfers of one column access, even
    int banks = 8;
    int rows = 32768;    ///< of a bank
    Bytes row{2048};     ///< bytes of a row of one bank ("page"), whole column accesses
    Cycles tRCD{11};     ///< ACTIVATE -> READ or WRITE
    Cycles tRP{11};      ///< PRECHARGE -> ACTIVATE
    Cycles CL{11};       ///< READ -> first data
    Cycles CWL{8};       ///< WRITE -> first data
    Cycles tRAS{28};     ///< ACTIVATE -> PRECHARGE
    Cycles tRTP{6};      ///< READ -> PRECHARGE
    Cycles tWR{12};      ///< last written data -> PRECHARGE
    Cycles tWTR{6};      ///< last written data -> READ
    Cycles tRRD{6};      ///< ACTIVATE -> ACTIVATE of another bank
    Cycles tREFI{6240};  ///< between two REFRESHes; zero: none
    Cycles tRFC{208};    ///< REFRESH -> ACTIVATE
    DramMapping mapping = DramMapping::row_bank_column;
    DramScheduling scheduling = DramScheduling::fr_fcfs;
    int queue = 32;          ///< column accesses that the controller holds
    int reorder_limit = 16;  ///< how many younger accesses may overtake the oldest
    bool operator==(const BankedDramParameters&) const = default;

    [[nodiscard]] std::uint64_t access_bytes() const;  ///< of one column access
    [[nodiscard]] std::int64_t access_cycles() const;  ///< on the data pins
    [[nodiscard]] std::uint64_t size() const;          ///< bytes
    /// Throws InvalidConfig.
    void validate() const;

    /// One of preset_names() (configs/drams/); throws InvalidConfig naming the nearest known one.
    static BankedDramParameters preset(std::string_view name);
    static std::vector<std::string> preset_names();
    /// Times are whole cycles or nanoseconds ("13.75ns"), which are rounded up to cycles. Throws
    /// FileError or InvalidConfig (file:line:column: key = value: what would be right).
    static BankedDramParameters from_yaml(const std::filesystem::path& file);
    /// `origin` stands for the file in messages.
    static BankedDramParameters from_yaml_text(std::string_view text,
                                               std::string_view origin = "<text>");
};

}  // namespace u65sim
