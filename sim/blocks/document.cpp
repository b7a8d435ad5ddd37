// Which block at which shape, as a page: what is said about latency on this NPU, held against runs.
#include <u65sim/blocks.hpp>

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim {

std::vector<DocumentFile> document_blocks(
    const Target& target, const std::function<void(std::size_t done, std::size_t all)>& progress) {
    blocks::Source source{target, {}, progress};
    source.wide = source.study({}, block_sweep());
    std::string claims, sections;
    std::vector<DocumentFile> plots;
    for (const auto make :
         {blocks::macs_section, blocks::fused_section, blocks::arena_section, blocks::names_section,
          blocks::channels_section, blocks::windows_section}) {
        blocks::Section section = make(source);
        claims += section.claim + '\n';
        sections += section.text + '\n';
        std::move(section.plots.begin(), section.plots.end(), std::back_inserter(plots));
    }
    std::vector<DocumentFile> files{
        {"blocks.md",
         blocks::texts().fill(
             "page", fmt::arg("version", version()), fmt::arg("target", target.name),
             fmt::arg("peak", target.peak_macs_per_cycle()),
             fmt::arg("megahertz", static_cast<double>(target.accelerator.clock.count()) / 1e6),
             fmt::arg("arena", report::readable(target.sram.size)), fmt::arg("claims", claims),
             fmt::arg("sections", sections))}};
    std::move(plots.begin(), plots.end(), std::back_inserter(files));
    return files;
}

}  // namespace u65sim
