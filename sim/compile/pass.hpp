// The compiler's passes by name, and which of them an option set takes.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <u65sim/compile.hpp>

namespace u65sim::compiler {

/// In the order they run; one can stop behind each and print what it left.
enum class Pass : std::uint8_t {
    fold_constants,
    check_support,
    split_segments,
    fuse,
    lower,
    fold_columns,  ///< a choice that `lower` makes for each convolution
    choose_blocks,
    encode_constants,
    form_cascades,
    merge_in_place,
    place_maps,
    copy_maps,
    refine_blocks,
    stream_weights,
    place,
    emit,
};
inline constexpr std::size_t pass_count = static_cast<std::size_t>(Pass::emit) + 1;

struct PassInfo {
    Pass pass;
    std::string_view name;
    bool is_optional = false;  ///< CompileOptions::without may name it
    bool in_like_vela = true;  ///< Vela does something like it
};
inline constexpr std::array<PassInfo, pass_count> pass_infos{{
    {Pass::fold_constants, "fold_constants", true},
    {Pass::check_support, "check_support"},
    {Pass::split_segments, "split_segments"},
    {Pass::fuse, "fuse", true},
    {Pass::lower, "lower"},
    {Pass::fold_columns, "fold_columns", true, false},
    {Pass::choose_blocks, "choose_blocks"},
    {Pass::encode_constants, "encode_constants"},
    {Pass::form_cascades, "form_cascades", true},
    {Pass::merge_in_place, "merge_in_place", true},
    {Pass::place_maps, "place_maps"},
    {Pass::copy_maps, "copy_maps", true, false},
    {Pass::refine_blocks, "refine_blocks", true, false},
    {Pass::stream_weights, "stream_weights", true},
    {Pass::place, "place"},
    {Pass::emit, "emit"},
}};
static_assert([] {
    for (std::size_t i = 0; i < pass_count; ++i) {
        if (static_cast<std::size_t>(pass_infos[i].pass) != i) return false;
    }
    return true;
}());

using PassSet = std::bitset<pass_count>;

/// The passes that a compilation with these options takes, all up to the end. With `like_vela`
/// stream_weights is among them, and brings weights by Vela's rules. Throws InvalidConfig for a
/// name in `dump_after` that is no pass, and one in `without` that is no optional one.
PassSet passes_of(const CompileOptions& options);
/// The pass behind which to stop; nothing when all run. Throws InvalidConfig for an unknown name.
std::optional<Pass> last_pass(const CompileOptions& options);

}  // namespace u65sim::compiler
