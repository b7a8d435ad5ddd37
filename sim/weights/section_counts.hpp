// What a section's values and zero runs amount to, and the cheapest form to code them in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "weights/codec.hpp"
#include "weights/marked_codes.hpp"
#include "weights/palette.hpp"
#include "weights/zero_runs.hpp"

namespace u65sim::weights {

struct SectionForm {
    Palette palette;
    bool zero_runs = false;  ///< zeros as runs between the weights, not as weights
    std::uint64_t bits = 0;  ///< estimate: every weight and run coded in one mode
};

class SectionCounts {
public:
    explicit SectionCounts(const MarkedCodes& marked);

    /// Takes in the section that follows this one.
    void append(const SectionCounts& next);
    [[nodiscard]] const MarkedCodes& codes() const { return codes_; }
    /// The smaller of two forms: zeros as weights, or as runs.
    [[nodiscard]] const SectionForm& form() const { return form_; }
    /// The form for Coding::uniform, or Coding::frequent.
    [[nodiscard]] SectionForm uniform_form(Coding coding);

private:
    void choose();
    using ChoosePalette = PaletteChoice (*)(const Histogram&);
    [[nodiscard]] SectionForm form_with_runs(ChoosePalette palette_of);
    [[nodiscard]] std::uint64_t run_bits() const;

    MarkedCodes codes_;
    Histogram histogram_{};
    RunCounts runs_;
    bool runs_counted_ = false;
    SectionForm form_;
};

}  // namespace u65sim::weights
