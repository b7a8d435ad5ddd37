// fmt for a program that is linked without its library: functions of its headers, inline there,
// which stand here because their addresses are taken. One that is missing comes from the library.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace {

namespace detail = fmt::detail;

[[gnu::used]] const auto vformat =
    static_cast<std::string (*)(fmt::string_view, fmt::format_args)>(&fmt::vformat);
[[gnu::used]] const auto is_printable = static_cast<bool (*)(std::uint32_t)>(&detail::is_printable);
[[gnu::used]] const auto throw_format_error = &detail::throw_format_error;
[[gnu::used]] const auto decimal_point = &detail::decimal_point_impl<char>;
[[gnu::used]] const auto thousands_sep = &detail::thousands_sep_impl<char>;
[[gnu::used]] const auto to_decimal =
    static_cast<detail::dragonbox::decimal_fp<double> (*)(double)>(
        &detail::dragonbox::to_decimal<double>);

}  // namespace
