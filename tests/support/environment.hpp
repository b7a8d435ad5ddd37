// What the tests find outside of themselves.
#pragma once

#include <filesystem>
#include <string>

namespace u65sim::test {

/// The source tree: U65SIM_SOURCE_DIR, which CTest sets, or the working directory.
std::filesystem::path source_folder();

/// The folder of real networks: U65SIM_MODELS, or shared/models beside the source tree. It need not
/// exist.
std::filesystem::path models_folder();

/// The u65sim program: U65SIM_PROGRAM, which CTest sets. Throws std::runtime_error without it.
std::string program();

/// Whether this build runs under AddressSanitizer, which reserves terabytes of addresses: limits on
/// them
/// (`ulimit -v`) cannot be set.
constexpr bool address_sanitizer =
#if defined(__SANITIZE_ADDRESS__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

}  // namespace u65sim::test
