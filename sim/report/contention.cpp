#include <cstddef>

#include <u65sim/report.hpp>

#include "report/join.hpp"

namespace u65sim::report {

Contention contention(const Report& crowded, const Report& alone) {
    Contention result;
    result.alone = alone.total.cycles;
    for (std::size_t i = 0; i < crowded.operators.size(); ++i) {
        result.operators.push_back(crowded.operators[i].cycles - alone.operators.at(i).cycles);
    }
    return result;
}

}  // namespace u65sim::report
