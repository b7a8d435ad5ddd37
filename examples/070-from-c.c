/* The same question asked from C: how long does a network take, and what if the arena were larger? */
#include <stdio.h>

#include <u65sim/u65sim.h>

static int report_failure(void) {
    fprintf(stderr, "u65sim: %s\n", u65sim_last_error());
    return (int)u65sim_last_status();
}

int main(void) {
    u65sim_target* target = u65sim_target_preset("u65-256");
    u65sim_graph* graph = u65sim_graph_zoo("mobilenet_v2_224");
    if (target == NULL || graph == NULL) return report_failure();
    static const char* const sizes[] = {"sram.size=128KiB", "sram.size=384KiB", "sram.size=1MiB"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
        if (u65sim_target_set(target, sizes[i]) != U65SIM_OK) return report_failure();
        u65sim_oracle* oracle = u65sim_oracle_new(target);
        u65sim_report* report = oracle == NULL ? NULL : u65sim_oracle_estimate(oracle, graph);
        if (report == NULL) return report_failure();
        printf("%-18s %.3f ms, %zu spills\n", sizes[i], u65sim_report_latency_ms(report),
               u65sim_report_spills(report));
        u65sim_report_free(report);
        u65sim_oracle_free(oracle);
    }
    u65sim_graph_free(graph);
    u65sim_target_free(target);
    return 0;
}
