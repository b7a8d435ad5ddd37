// Own main for every test program, because libsystemc exports one of its own.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "support/skip.hpp"

// libsystemc asks for one; linkers that check shared libraries want it even when nothing calls it.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }

namespace {

struct Counts {
    int cases = 0, skipped = 0;
    bool leaves_out = false;  // the case that runs now
};

Counts& counts() {
    static Counts counts;
    return counts;
}

struct SkipListener : Catch::TestEventListenerBase {
    using TestEventListenerBase::TestEventListenerBase;
    void testCaseStarting(const Catch::TestCaseInfo& info) override {
        TestEventListenerBase::testCaseStarting(info);
        counts().leaves_out = false;
    }
    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        TestEventListenerBase::testCaseEnded(stats);
        ++counts().cases;
        if (counts().leaves_out && stats.totals.assertions.total() == 0) ++counts().skipped;
    }
};
CATCH_REGISTER_LISTENER(SkipListener)

bool skips_fail() {
    const char* const given = std::getenv("U65SIM_REQUIRE_MODELS");
    return given != nullptr && std::string_view{given} == "1";
}

}  // namespace

void u65sim::test::skip(const std::string& why) {
    std::cout << "skipped: " << why << std::endl;
    counts().leaves_out = true;
    if (skips_fail()) FAIL_CHECK("U65SIM_REQUIRE_MODELS=1, but skipped: " << why);
}

int main(int argc, char** argv) {
    Catch::Session session;
    // A program that runs no test has failed.
    session.configData().warnings = static_cast<Catch::WarnAbout::What>(
        session.configData().warnings | Catch::WarnAbout::NoTests);
    const int failed = session.run(argc, argv);
    if (failed != 0 || counts().skipped == 0) return failed;
    std::cout << "skipped " << counts().skipped << " of " << counts().cases << " test cases\n";
    return counts().skipped == counts().cases ? u65sim::test::skipped_exit_code : 0;
}
