// A report is data: which operators take the time, and what holds them up?
#include <algorithm>
#include <cstdio>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

int main() {
    u65sim::Oracle oracle{u65sim::Target::preset("u65-256")};
    const u65sim::Report report = oracle.estimate(u65sim::zoo("mobilenet_v1_cifar100"));

    auto operators = report.operators;
    std::sort(operators.begin(), operators.end(),
              [](const auto& a, const auto& b) { return a.cycles > b.cycles; });
    std::printf("%lld cycles; the five largest operators:\n",
                static_cast<long long>(report.total.cycles.count()));
    for (std::size_t i = 0; i < std::min<std::size_t>(5, operators.size()); ++i) {
        const auto& op = operators[i];
        std::printf("  %-32s %9lld cycles, bound by %s\n", op.name.c_str(),
                    static_cast<long long>(op.cycles.count()),
                    op.bound_by ? std::string{to_string(*op.bound_by)}.c_str() : "");
    }
    for (std::size_t i = 0; i < u65sim::cause_count; ++i) {
        const double share = 100.0 * static_cast<double>(report.stalls[i].count()) /
                             static_cast<double>(report.total.cycles.count());
        const auto name = to_string(static_cast<u65sim::Cause>(i));
        if (share >= 1.0) {
            std::printf("  %4.1f %% %.*s\n", share, static_cast<int>(name.size()), name.data());
        }
    }
}
