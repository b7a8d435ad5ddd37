// Own main for every test program, because libsystemc exports one of its own.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

// libsystemc asks for one; linkers that check shared libraries want it even when nothing calls it.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) {
    Catch::Session session;
    // A program that runs no test has failed.
    session.configData().warnings = static_cast<Catch::WarnAbout::What>(
        session.configData().warnings | Catch::WarnAbout::NoTests);
    return session.run(argc, argv);
}
