#include "support/environment.hpp"

#include <cstdlib>
#include <stdexcept>

namespace u65sim::test {

std::filesystem::path source_folder() {
    const char* const given = std::getenv("U65SIM_SOURCE_DIR");
    return given == nullptr ? "." : given;
}

std::filesystem::path models_folder() {
    const char* const given = std::getenv("U65SIM_MODELS");
    return given == nullptr ? source_folder() / "../shared/models" : std::filesystem::path{given};
}

std::string program() {
    const char* const given = std::getenv("U65SIM_PROGRAM");
    if (given == nullptr) throw std::runtime_error("U65SIM_PROGRAM: must name the program");
    return given;
}

}  // namespace u65sim::test
