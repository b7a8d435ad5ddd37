// The controller of one DRAM channel: which command when, by the state of banks, rows and data
// pins. Times are cycles of the command clock; no kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <u65sim/platform.hpp>

namespace u65sim::timing {

/// Where one column access goes.
struct DramPlace {
    int bank = 0;
    std::int64_t row = 0;
    bool operator==(const DramPlace&) const = default;
};
/// Of the access that holds the byte at `address`, which must be within the memory.
DramPlace dram_place(const BankedDramParameters& dram, std::uint64_t address);

struct DramCounts {
    std::int64_t hits = 0;       ///< accesses to a row that was open
    std::int64_t misses = 0;     ///< to a bank without an open row
    std::int64_t conflicts = 0;  ///< to a bank whose open row had to be closed
    std::int64_t refreshes = 0;
};

class DramController {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit DramController(const BankedDramParameters& dram);

    [[nodiscard]] bool has_room() const;
    [[nodiscard]] bool empty() const { return queue_.empty(); }
    /// One column access, which the queue must have room for.
    void push(std::uint64_t id, DramPlace place, bool write);

    struct Started {
        std::uint64_t id = 0;
        std::int64_t data_end = 0;  ///< the first cycle behind its data
    };
    /// Issues at most one command at cycle `now`; cycles never go back. What it returns has left
    /// the queue.
    std::optional<Started> step(std::int64_t now);
    /// The first cycle from `from` on at which a step may do something; `never` without accesses.
    [[nodiscard]] std::int64_t next(std::int64_t from) const;

    [[nodiscard]] const DramCounts& counts() const { return counts_; }

private:
    struct Bank {
        std::optional<std::int64_t> open_row;
        std::int64_t activate = 0, precharge = 0, column = 0;  ///< earliest cycles
    };
    struct Access {
        std::uint64_t id = 0;
        DramPlace place;
        bool write = false;
        bool activated = false, closed_other = false;  ///< what it cost
        int overtaken = 0;
    };
    enum class Step : std::uint8_t { column, activate, precharge };
    struct Candidate {
        std::size_t access = 0;
        Step step = Step::column;
        std::int64_t earliest = 0;
    };

    void refresh(std::int64_t now);
    [[nodiscard]] std::vector<Candidate> candidates() const;
    [[nodiscard]] Candidate candidate(std::size_t index) const;
    [[nodiscard]] bool somebody_hits(const Bank& bank, int number) const;
    Started access_column(const Candidate& chosen, std::int64_t now);
    void activate(Access& access, std::int64_t now);
    void precharge(Access& access, std::int64_t now);

    BankedDramParameters dram_;
    std::vector<Bank> banks_;
    std::vector<Access> queue_;  ///< in order of arrival
    std::int64_t any_activate_ = 0, read_ = 0, pins_free_ = 0;
    std::int64_t next_refresh_ = never;
    DramCounts counts_;
};

}  // namespace u65sim::timing
