/* The same question asked from C: how long does a network take, and what if the arena were larger?
 */
#include <stdio.h>

#include <u65sim/u65sim.h>

static int report_failure(void) {
    fprintf(stderr, "u65sim: %s\n", u65sim_last_error());
    return (int)u65sim_last_status();
}

/* Asks the oracle once and frees it; negative where it fails. */
static double latency_ms(u65sim_oracle* oracle, const u65sim_graph* graph) {
    u65sim_report* report = oracle == NULL ? NULL : u65sim_oracle_estimate(oracle, graph);
    const double result = report == NULL ? -1.0 : u65sim_report_latency_ms(report);
    u65sim_report_free(report);
    u65sim_oracle_free(oracle);
    return result;
}

int main(void) {
    u65sim_target* target = u65sim_target_preset("u65-256");
    u65sim_graph* graph = u65sim_graph_zoo("mobilenet_v2_224");
    if (target == NULL || graph == NULL) return report_failure();
    static const char* const sizes[] = {"sram.size=128KiB", "sram.size=384KiB", "sram.size=1MiB"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
        if (u65sim_target_set(target, sizes[i]) != U65SIM_OK) return report_failure();
        const double best = latency_ms(u65sim_oracle_new(target), graph);
        const double fastest = latency_ms(u65sim_oracle_new_effort_high(target), graph);
        const double by_vela = latency_ms(u65sim_oracle_new_like_vela(target), graph);
        if (best < 0 || fastest < 0 || by_vela < 0) return report_failure();
        printf("%-18s %.3f ms, %.3f ms the fastest of many plans, %.3f ms planned like Vela\n",
               sizes[i], best, fastest, by_vela);
    }
    u65sim_graph_free(graph);
    u65sim_target_free(target);
    return 0;
}
