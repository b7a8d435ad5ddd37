#include "weights/section_counts.hpp"

#include <algorithm>
#include <span>

namespace u65sim::weights {
namespace {

/// Zero runs are tried when at least every eighth weight is zero.
constexpr std::uint64_t zero_run_share = 8;
/// With Coding::uniform runs are taken from this share on, when so long in the mean.
constexpr std::uint64_t uniform_run_share = 16, uniform_run_length = 2;

}  // namespace

SectionCounts::SectionCounts(const MarkedCodes& marked) : codes_(marked) {
    const std::span<const std::uint16_t> codes = marked.codes();
    Histogram even{};  // two histograms: equal neighbours do not wait for each other
    std::size_t i = 0;
    for (; i + 1 < codes.size(); i += 2) {
        ++even[codes[i]];
        ++histogram_[codes[i + 1]];
    }
    if (i < codes.size()) ++even[codes[i]];
    for (std::size_t code = 0; code < code_count; ++code) histogram_[code] += even[code];
    choose();
}

void SectionCounts::append(const SectionCounts& next) {
    codes_ = codes_.from_to(0, codes_.size() + next.codes_.size());
    for (std::size_t code = 0; code < code_count; ++code) {
        histogram_[code] += next.histogram_[code];
    }
    runs_counted_ = runs_counted_ && next.runs_counted_;
    runs_ += next.runs_;
    choose();
}

void SectionCounts::choose() {
    const PaletteChoice with_zeros = choose_palette(histogram_);
    form_ = {with_zeros.palette, false, with_zeros.bits};
    const std::uint32_t zeros = histogram_[0];
    if (zeros * zero_run_share < codes_.size()) return;
    const SectionForm runs = form_with_runs(choose_palette);
    if (runs.bits < form_.bits) form_ = runs;
}

SectionForm SectionCounts::form_with_runs(ChoosePalette palette_of) {
    if (!runs_counted_) runs_ = count_runs(codes_);
    runs_counted_ = true;
    // A section of nothing but zeros codes the first of them.
    const std::uint32_t zeros = histogram_[0];
    histogram_[0] = zeros == codes_.size() ? 1 : 0;
    const PaletteChoice without = palette_of(histogram_);
    histogram_[0] = zeros;
    return {without.palette, true, without.bits + run_bits()};
}

SectionForm SectionCounts::uniform_form(Coding coding) {
    const ChoosePalette palette_of = coding == Coding::frequent ? frequent_palette : choose_palette;
    const std::uint64_t zeros = histogram_[0];
    const bool is_sparse = zeros * uniform_run_share >= codes_.size();
    if (form_.zero_runs || is_sparse) {
        const SectionForm runs = form_with_runs(palette_of);
        if (form_.zero_runs || zeros >= uniform_run_length * runs_.count) return runs;
    }
    if (coding != Coding::frequent) return form_;
    const PaletteChoice plain = frequent_palette(histogram_);
    return {plain.palette, false, plain.bits};
}

std::uint64_t SectionCounts::run_bits() const {
    const std::uint64_t runs = codes_.size() - histogram_[0] + 1;
    std::uint64_t best = runs_.quotients[0] + runs;
    for (std::size_t d = 1; d < runs_.quotients.size(); ++d) {
        best = std::min(best, runs_.quotients[d] + runs * (1 + d));
    }
    return best;
}

}  // namespace u65sim::weights
