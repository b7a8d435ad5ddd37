// The sections of the page about blocks, and what they share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <u65sim/blocks.hpp>

#include "report/chart.hpp"
#include "report/texts.hpp"

namespace u65sim::blocks {

/// What sections are made from.
struct Source {
    const Target& target;
    BlockStudy wide;  ///< every block at every shape of block_sweep(), inside
    std::function<void(std::size_t, std::size_t)> progress;

    /// These blocks (empty: all) at these shapes.
    [[nodiscard]] BlockStudy study(const std::vector<std::string>& blocks,
                                   const std::vector<BlockShape>& shapes,
                                   BlockEqual equal = BlockEqual::shape, bool inside = true) const;
};

/// One section: what is said about latency, held against runs.
struct Section {
    std::string claim;  ///< its row of the table in front
    std::string text;
    std::vector<DocumentFile> plots;

    /// Keeps the chart as a file of this name; gives the Markdown that shows it.
    std::string add_plot(const std::string& name, const report::Chart& chart);
};

Section macs_section(const Source& source);      ///< MACs against latency
Section fused_section(const Source& source);     ///< fused against depthwise blocks
Section arena_section(const Source& source);     ///< maps that outgrow the arena
Section names_section(const Source& source);     ///< configuration against name
Section channels_section(const Source& source);  ///< steps over channels
Section windows_section(const Source& source);   ///< 5x5 against 3x3

/// The page's sentences (document.md.in).
const report::Texts& texts();
/// "holds" or "does not hold".
std::string held(bool holds);

/// Cycles of `a` over those of `b`.
double ratio(const BlockPoint& a, const BlockPoint& b);
double millions(Macs macs);
/// A point's figures, shown when the pointer rests on its mark.
std::string point_title(const BlockPoint& point);
/// The points of one asked shape, fastest first.
std::vector<const BlockPoint*> by_time(const BlockStudy& study, const BlockShape& asked);
/// Points as a Markdown table.
std::string table(const std::vector<const BlockPoint*>& points);

}  // namespace u65sim::blocks
