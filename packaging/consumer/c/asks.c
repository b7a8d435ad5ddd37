/* What does a network take on two NPUs? */
#include <stdio.h>

#include <u65sim/u65sim.h>

int main(void) {
    static const char* const names[] = {"u65-256", "u55-128"};
    u65sim_graph* graph = u65sim_graph_zoo("ds_cnn");
    for (int i = 0; i < 2; ++i) {
        u65sim_target* target = u65sim_target_preset(names[i]);
        u65sim_oracle* oracle = u65sim_oracle_new(target);
        u65sim_report* report = u65sim_oracle_estimate(oracle, graph);
        if (report == NULL) {
            fprintf(stderr, "%s\n", u65sim_last_error());
            return 1;
        }
        printf("%s: %.3f ms\n", names[i], u65sim_report_latency_ms(report));
        u65sim_report_free(report);
        u65sim_oracle_free(oracle);
        u65sim_target_free(target);
    }
    u65sim_graph_free(graph);
    return u65sim_c_api() == U65SIM_C_API ? 0 : 1;
}
