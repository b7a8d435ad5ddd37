// Which operations of a segment may hand their rows to others of one cascade, and which buffers
// roll there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Who uses a buffer, and from when to when.
struct BufferUse {
    int writers = 0, readers = 0;
    std::int32_t first = no_time, last = no_time;
    std::int64_t size = 0;  ///< bytes
};
std::vector<BufferUse> uses_of(const Program& program);

/// The rows' ways from operation to operation over all branches. A cascade's members other than its
/// last one each have a reader behind them in it, and every reader of what is made there takes
/// the rows where they lie. A buffer rolls if all who write and read it are in the cascade; others
/// stay whole.
class RowLinks {
public:
    /// Of all operations; `uses` are those of the program.
    RowLinks(const Program& program, const std::vector<NpuOp>& ops,
             const std::vector<BufferUse>& uses);

    /// Whether operation `at` may be in a cascade that ends at `last` with those between.
    [[nodiscard]] bool may_precede(std::size_t at, std::size_t last) const {
        const Maker& maker = makers_[at];
        return maker.hands_on && maker.first_reader <= last && last < maker.blocked_at;
    }
    /// Operations behind `at` that read what it makes, in order; those that one cascade reaches.
    [[nodiscard]] std::span<const std::size_t> readers(std::size_t at) const {
        const std::size_t begin = at == 0 ? 0 : makers_[at - 1].readers_end;
        return std::span{readers_}.subspan(begin, makers_[at].readers_end - begin);
    }
    /// Whether others than the next operation read what `at` makes, or it does not.
    [[nodiscard]] bool is_branched(std::size_t at) const {
        return makers_[at].first_reader != at + 1 || readers(at).size() != 1;
    }
    /// Whether all users of a buffer are among operations first .. last.
    [[nodiscard]] bool rolls(int buffer, std::size_t first, std::size_t last) const {
        return first <= first_use(buffer) && is_read_up(buffer, last);
    }
    /// Whether nobody behind `last` uses a buffer, which may roll then.
    [[nodiscard]] bool is_read_up(int buffer, std::size_t last) const {
        const Users& users = users_of(buffer);
        return users.may_roll && users.last <= last;
    }
    /// The first operation that uses a buffer: the one that writes it, where it may roll.
    [[nodiscard]] std::size_t first_use(int buffer) const { return users_of(buffer).first; }
    /// The next operation whose first operand is that of `at`; the number of operations if there is
    /// none.
    [[nodiscard]] std::size_t next_alike(std::size_t at) const { return makers_[at].next_alike; }
    /// Whether another operation reads the input of a cascade before all is read that the first one
    /// makes, as the kernels of a PRELU do: those that only wait for it take more time together
    /// than each would alone.
    [[nodiscard]] bool forks_input(std::size_t first, std::size_t last) const;
    /// Whether the map that `at` makes rolls in the longest cascade up to `last` that has all its
    /// users: the one that begins with `at`.
    [[nodiscard]] bool rolls_from(std::size_t at, std::size_t last) const;
    /// Operations that write a buffer, in order.
    [[nodiscard]] const std::vector<std::size_t>& writers(int buffer) const {
        return users_of(buffer).writers;
    }

private:
    /// What an operation makes.
    struct Maker {
        bool hands_on = false;         ///< in stripes, to who reads it
        std::size_t first_reader = 0;  ///< the number of operations if there is none
        std::size_t blocked_at = 0;    ///< the first reader that takes no stripes
        std::size_t readers_end = 0;   ///< in `readers_`
        std::size_t next_alike = 0;
    };
    /// Operations that use a buffer: all of them if it may roll.
    struct Users {
        std::vector<std::size_t> writers, readers;
        std::size_t first = 0, last = 0;
        bool may_roll = false;
    };
    [[nodiscard]] const Users& users_of(int buffer) const {
        return users_[static_cast<std::size_t>(buffer)];
    }
    [[nodiscard]] bool may_roll(const Program& program, int buffer, const BufferUse& use) const;
    [[nodiscard]] bool is_rewritten(std::size_t at) const;
    [[nodiscard]] bool takes_stripes(const Program& program, std::size_t reader,
                                     const View& made) const;
    void find_users(const Program& program, const std::vector<BufferUse>& uses);
    void find_readers(const Program& program, std::size_t at);
    void find_next_alike(std::size_t at);

    const std::vector<NpuOp>& ops_;
    std::vector<Maker> makers_;         ///< per operation
    std::vector<std::size_t> readers_;  ///< of the first operation, then of the second ...
    std::vector<Users> users_;          ///< per buffer
};

}  // namespace u65sim::compiler
