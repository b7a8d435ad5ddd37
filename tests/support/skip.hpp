// Tests that need what a machine may lack: real networks, a browser.
#pragma once

#include <string>

namespace u65sim::test {

/// The exit code of a program of which every case that ran was skipped; CTest shows it as such.
constexpr int skipped_exit_code = 77;

/// Says that the running case leaves something out, and why. A case that also makes no assertion
/// counts as skipped. With U65SIM_REQUIRE_MODELS=1 this is a failure of the case.
void skip(const std::string& why);

}  // namespace u65sim::test
