/* The C interface: target, graph, oracle, report. Its ABI is stable: functions are only added,
 * types are opaque, and enumerators keep their values. Every function may be called from any
 * thread; one object must not be changed or freed by a thread while another uses it.
 *
 * Functions that make something return NULL where they fail; others return a status. The text of
 * the last failure in the calling thread is u65sim_last_error(). Objects are freed by their own
 * function, which takes NULL too; a pointer inside an object lives as long as the object. */
#ifndef U65SIM_U65SIM_H
#define U65SIM_U65SIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Grows when functions are added. */
#define U65SIM_C_API 5

/** The same numbers as the program's exit codes. */
typedef enum u65sim_status {
    U65SIM_OK = 0,
    U65SIM_FAILURE = 1,     /**< a failure of our own */
    U65SIM_BAD_INPUT = 2,   /**< a file, graph, target or argument that cannot be accepted */
    U65SIM_DOES_NOT_FIT = 3 /**< model and activations exceed a memory */
} u65sim_status;

typedef struct u65sim_target u65sim_target;
typedef struct u65sim_graph u65sim_graph;
typedef struct u65sim_oracle u65sim_oracle;
typedef struct u65sim_report u65sim_report;

/** "0.1.0" */
const char* u65sim_version(void);
/** U65SIM_C_API of the library in use. */
int u65sim_c_api(void);
/** What went wrong last in this thread, with value, place and what would be right; "" before. */
const char* u65sim_last_error(void);
/** The kind of that failure; U65SIM_OK before. */
u65sim_status u65sim_last_status(void);

/** A preset: "u65-256", "u65-512", "u55-128" ... */
u65sim_target* u65sim_target_preset(const char* name);
/** A target from a YAML file. */
u65sim_target* u65sim_target_from_yaml(const char* file);
/** Sets one field: "sram.size=512KiB". */
u65sim_status u65sim_target_set(u65sim_target* target, const char* assignment);
void u65sim_target_free(u65sim_target* target);

/** A network from a .tflite or YAML file. */
u65sim_graph* u65sim_graph_read(const char* file);
/** A network from YAML text, in the form the YAML files have. */
u65sim_graph* u65sim_graph_from_yaml(const char* text);
/** A network built in code: "mobilenet_v2_224" ... */
u65sim_graph* u65sim_graph_zoo(const char* name);
void u65sim_graph_free(u65sim_graph* graph);

/** An oracle for a copy of `target`; it remembers what it answered. */
u65sim_oracle* u65sim_oracle_new(const u65sim_target* target);
/** The same, but its plans are like Vela's: for networks that Vela will compile. Since 2. */
u65sim_oracle* u65sim_oracle_new_like_vela(const u65sim_target* target);
/** The same, but it runs many plans of each network and keeps the fastest. Since 3. */
u65sim_oracle* u65sim_oracle_new_effort_high(const u65sim_target* target);
/** The same, but networks are planned by rules and timed in closed form: hundreds of times faster,
    with an interval in the report. Since 5. */
u65sim_oracle* u65sim_oracle_new_effort_quick(const u65sim_target* target);
/** Compiles and simulates one inference. */
u65sim_report* u65sim_oracle_estimate(u65sim_oracle* oracle, const u65sim_graph* graph);
void u65sim_oracle_free(u65sim_oracle* oracle);

/** NPU time plus host time, milliseconds; not a number where the NPU runs nothing of the network. */
double u65sim_report_latency_ms(const u65sim_report* report);
/** The part of the network that runs on the NPU, 0 to 1: of its multiply-accumulates, or of its
    operators where it has none. Since 4. */
double u65sim_report_npu_share(const u65sim_report* report);
/** NPU cycles; 0 where the NPU runs nothing. */
int64_t u65sim_report_cycles(const u65sim_report* report);
/** Multiply-accumulates of the network. */
int64_t u65sim_report_macs(const u65sim_report* report);
/** Highest byte of the SRAM arena in use. */
int64_t u65sim_report_sram_peak_bytes(const u65sim_report* report);
/** Model plus activations in DRAM, bytes. */
int64_t u65sim_report_dram_used_bytes(const u65sim_report* report);
/** Bytes read from and written to DRAM. */
int64_t u65sim_report_dram_traffic_bytes(const u65sim_report* report);
/** Feature maps that live in DRAM because the arena had no room. */
size_t u65sim_report_spills(const u65sim_report* report);
/** Cycles between which those of a simulation are likely to be; of a report that was simulated, its
    own. Since 5. */
int64_t u65sim_report_cycles_low(const u65sim_report* report);
int64_t u65sim_report_cycles_high(const u65sim_report* report);
/** The whole report as JSON. */
const char* u65sim_report_json(const u65sim_report* report);
void u65sim_report_free(u65sim_report* report);

#ifdef __cplusplus
}
#endif

#endif
