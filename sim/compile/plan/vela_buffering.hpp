// How Vela 5.2 brings weights, as its published scheduler does (scheduler.cpp of ethos-u-vela 5.2).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compile/plan/delivery_clock.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/plan/vela_cycles.hpp"

namespace u65sim::compiler {

/// Chooses deliveries by Vela's estimates: of one operation at a time, one operation ahead at most,
/// in slices through two buffers that take turns, or one, or whole; where its performance model
/// counts no gain, weights are read where they are.
class VelaBuffering {
public:
    struct Room {
        std::int64_t limit = 0;  ///< bytes
        SlicePlaces places = SlicePlaces::final;
    };
    /// `items` are the lifetimes in the fast memory of `limit` bytes. All must outlive this.
    VelaBuffering(PlannedProgram& program, const std::vector<Lifetime>& items, SlicePlacer& slices,
                  DeliveryClock& clock, const Room& room);

    /// The delivery of a load; where in slices, its operation has them afterwards.
    Delivery choose(WeightLoad& load);

private:
    enum class Method : std::uint8_t { stay, whole, slices };

    /// What is known before a load's slices are.
    struct Situation {
        bool is_cascade = false, inside_cascade = false;
        bool may_slice = false, may_come_before = false, is_first = false;
        std::int64_t room = 0;                      ///< bytes
        std::int64_t slack = 0, slack_memory = 0;   ///< of the operation before
        std::int64_t passes = 0;                    ///< that read all weights
        std::int64_t unmoved = 0, from_buffer = 0;  ///< cycles of these
        std::int64_t copy = 0;                      ///< cycles of one copy of all
        std::int64_t least_copy = 0;                ///< of the smallest slice
        bool starts_at_once = false;                ///< the first copy is worth waiting for
        bool is_bound_by_itself = false;            ///< it computes longer than it reads weights
        VelaPerformance as_it_is;
    };
    /// Slices with their sizes.
    struct Proposal {
        std::vector<std::int32_t> depths;
        std::vector<std::int64_t> sizes;
        std::vector<WeightSlice> slices;             ///< none where there is one
        std::int64_t buffers = 0, first_buffer = 0;  ///< bytes
        bool twice = false;
    };

    std::optional<Delivery> find(WeightLoad& load);
    [[nodiscard]] Situation situation_of(const WeightLoad& load) const;
    [[nodiscard]] std::int64_t slack_behind(const NpuOp& before) const;
    [[nodiscard]] std::int64_t free_at(std::int32_t position) const;
    [[nodiscard]] Method method_of(const WeightLoad& load, const Situation& now) const;
    [[nodiscard]] double share_ahead(const WeightLoad& load, const Situation& now) const;
    [[nodiscard]] std::optional<Proposal> proposal(const WeightLoad& load, const Situation& now,
                                                   Method method) const;
    [[nodiscard]] Proposal in_slices(const WeightLoad& load, const Situation& now,
                                     double share) const;
    [[nodiscard]] bool is_better(const WeightLoad& load, const Situation& now,
                                 const Proposal& made) const;
    /// Cycles that the first map is read for where it may move too; nothing where it should move
    /// instead.
    [[nodiscard]] std::optional<std::int64_t> ifm_cycles(const WeightLoad& load,
                                                         const Situation& now, const Proposal& made,
                                                         const VelaPerformance& then) const;
    [[nodiscard]] bool may_move_ifm(const NpuOp& op, const Situation& now) const;
    [[nodiscard]] bool prefers_next(const NpuOp& op, const Situation& now, const Proposal& made,
                                    const VelaPerformance& then) const;
    Delivery placed(WeightLoad& load, const Situation& now, Proposal made);

    PlannedProgram& program_;
    const std::vector<Lifetime>& items_;
    SlicePlacer& slices_;
    DeliveryClock& clock_;
    const std::int64_t limit_;
    const SlicePlaces places_;
    bool is_roomy_ = false;                        ///< room is not looked at
    std::int64_t quarters_ = 4;                    ///< of the room that there is
    std::vector<const NpuOp*> writers_, readers_;  ///< of each buffer, the first
};

}  // namespace u65sim::compiler
