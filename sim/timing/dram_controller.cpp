#include "timing/dram_controller.hpp"

#include <algorithm>

namespace u65sim::timing {

DramPlace dram_place(const BankedDramParameters& dram, std::uint64_t address) {
    const std::uint64_t access = address / dram.access_bytes();
    const auto banks = static_cast<std::uint64_t>(dram.banks);
    const auto rows = static_cast<std::uint64_t>(dram.rows);
    const std::uint64_t columns =
        static_cast<std::uint64_t>(dram.row.count()) / dram.access_bytes();
    std::uint64_t bank = 0, row = 0;
    switch (dram.mapping) {
        case DramMapping::row_bank_column:
            bank = access / columns % banks;
            row = access / columns / banks;
            break;
        case DramMapping::bank_row_column:
            bank = access / columns / rows;
            row = access / columns % rows;
            break;
        case DramMapping::row_column_bank:
            bank = access % banks;
            row = access / banks / columns;
            break;
    }
    return {static_cast<int>(bank), static_cast<std::int64_t>(row)};
}

DramController::DramController(const BankedDramParameters& dram)
    : dram_(dram), banks_(static_cast<std::size_t>(dram.banks)) {
    if (dram.tREFI.count() > 0) next_refresh_ = dram.tREFI.count();
}

bool DramController::has_room() const {
    return queue_.size() < static_cast<std::size_t>(dram_.queue);
}

void DramController::push(std::uint64_t id, DramPlace place, bool write) {
    Access access;
    access.id = id;
    access.place = place;
    access.write = write;
    queue_.push_back(access);
}

/// All banks are precharged as soon as they may be, then refreshed; nothing else goes meanwhile. Of
/// the refreshes of a long pause only the last leaves a trace.
void DramController::refresh(std::int64_t now) {
    const std::int64_t interval = dram_.tREFI.count();
    while (next_refresh_ <= now) {
        std::int64_t begin = next_refresh_;
        for (Bank& bank : banks_) {
            if (bank.open_row) begin = std::max(begin, bank.precharge);
        }
        std::int64_t ready = next_refresh_;
        for (Bank& bank : banks_) {
            if (bank.open_row) bank.activate = begin + dram_.tRP.count();
            bank.open_row.reset();
            ready = std::max(ready, bank.activate);
        }
        for (Bank& bank : banks_) bank.activate = ready + dram_.tRFC.count();
        const std::int64_t missed = std::max<std::int64_t>(1, (now - next_refresh_) / interval);
        next_refresh_ += missed * interval;
        counts_.refreshes += missed;
    }
}

bool DramController::somebody_hits(const Bank& bank, int number) const {
    return std::any_of(queue_.begin(), queue_.end(), [&](const Access& each) {
        return each.place.bank == number && each.place.row == bank.open_row;
    });
}

/// The next command that an access needs.
DramController::Candidate DramController::candidate(std::size_t index) const {
    const Access& access = queue_[index];
    const Bank& bank = banks_[static_cast<std::size_t>(access.place.bank)];
    if (!bank.open_row) {
        return {index, Step::activate, std::max(bank.activate, any_activate_)};
    }
    if (*bank.open_row != access.place.row) return {index, Step::precharge, bank.precharge};
    const std::int64_t delay = access.write ? dram_.CWL.count() : dram_.CL.count();
    const std::int64_t earliest = std::max(bank.column, pins_free_ - delay);
    return {index, Step::column, access.write ? earliest : std::max(earliest, read_)};
}

/// What may be issued for the accesses that may go now, the oldest first.
std::vector<DramController::Candidate> DramController::candidates() const {
    std::vector<Candidate> result;
    if (queue_.empty()) return result;
    if (dram_.scheduling == DramScheduling::fcfs ||
        queue_.front().overtaken >= dram_.reorder_limit) {
        result.push_back(candidate(0));
        return result;
    }
    std::vector<bool> claimed(banks_.size(), false);  // by an older access to another row
    for (std::size_t i = 0; i < queue_.size(); ++i) {
        const auto bank = static_cast<std::size_t>(queue_[i].place.bank);
        const Candidate next = candidate(i);
        if (next.step == Step::column) {
            result.push_back(next);
            continue;
        }
        if (claimed[bank]) continue;
        claimed[bank] = true;
        if (next.step == Step::precharge && somebody_hits(banks_[bank], queue_[i].place.bank)) {
            continue;
        }
        result.push_back(next);
    }
    return result;
}

std::optional<DramController::Started> DramController::step(std::int64_t now) {
    refresh(now);
    std::optional<Candidate> best;
    for (const Candidate& each : candidates()) {
        if (each.earliest <= now && (!best || each.step < best->step)) best = each;
    }
    if (!best) return std::nullopt;
    Access& access = queue_[best->access];
    if (best->step == Step::column) return access_column(*best, now);
    if (best->step == Step::activate) {
        activate(access, now);
    } else {
        precharge(access, now);
    }
    return std::nullopt;
}

DramController::Started DramController::access_column(const Candidate& chosen, std::int64_t now) {
    const Access access = queue_[chosen.access];
    for (std::size_t i = 0; i < chosen.access; ++i) ++queue_[i].overtaken;
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(chosen.access));
    Bank& bank = banks_[static_cast<std::size_t>(access.place.bank)];
    const std::int64_t delay = access.write ? dram_.CWL.count() : dram_.CL.count();
    pins_free_ = now + delay + dram_.access_cycles();
    if (access.write) {
        bank.precharge = std::max(bank.precharge, pins_free_ + dram_.tWR.count());
        read_ = pins_free_ + dram_.tWTR.count();
    } else {
        bank.precharge = std::max(bank.precharge, now + dram_.tRTP.count());
    }
    ++(access.closed_other ? counts_.conflicts : access.activated ? counts_.misses : counts_.hits);
    return {access.id, pins_free_};
}

void DramController::activate(Access& access, std::int64_t now) {
    Bank& bank = banks_[static_cast<std::size_t>(access.place.bank)];
    bank.open_row = access.place.row;
    bank.column = now + dram_.tRCD.count();
    bank.precharge = now + dram_.tRAS.count();
    any_activate_ = now + dram_.tRRD.count();
    access.activated = true;
}

void DramController::precharge(Access& access, std::int64_t now) {
    Bank& bank = banks_[static_cast<std::size_t>(access.place.bank)];
    bank.open_row.reset();
    bank.activate = now + dram_.tRP.count();
    access.closed_other = true;
}

std::int64_t DramController::next(std::int64_t from) const {
    std::int64_t earliest = never;
    for (const Candidate& each : candidates()) earliest = std::min(earliest, each.earliest);
    if (earliest == never) return never;
    return std::max(from, std::min(earliest, next_refresh_));
}

}  // namespace u65sim::timing
