/* The C interface: target, graph, oracle, report; program and device. Its ABI is stable: functions are only added,
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
typedef struct u65sim_program u65sim_program; /**< since 5 */
typedef struct u65sim_device u65sim_device;   /**< since 5 */

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

/** A network from a file of any format that the library reads. */
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
/** The same with the rules of one version of Vela: "5.0" or "5.2", whose those above are. Since 4. */
u65sim_oracle* u65sim_oracle_new_like_vela_version(const u65sim_target* target,
                                                   const char* version);
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

/** What a driver hands the NPU for a network: compiled for `target`, or as it was compiled already.
    All about programs and devices is since 5. */
u65sim_program* u65sim_program_new(const u65sim_target* target, const u65sim_graph* graph);
/** Command streams; operators between them are left to the CPU. */
size_t u65sim_program_segments(const u65sim_program* program);
/** The words of a segment's stream, for QBASE and QSIZE; NULL when there is no such segment. */
const uint32_t* u65sim_program_stream(const u65sim_program* program, size_t segment,
                                      size_t* words);
/** What region 0 holds while a segment runs; NULL when there is no such segment. */
const uint8_t* u65sim_program_constants(const u65sim_program* program, size_t segment,
                                        size_t* bytes);
/** How large region 1 (arena) or 2 (fast memory) must be; 0 for other regions. */
size_t u65sim_program_region_bytes(const u65sim_program* program, int region);

/** Where a feature map lies in the NPU's memory. */
typedef struct u65sim_place {
    int32_t region;
    uint64_t offset; /**< bytes, from the region's base */
    uint64_t bytes;
} u65sim_place;
/** Inputs and outputs of a segment, and where each lies. */
size_t u65sim_program_inputs(const u65sim_program* program, size_t segment);
size_t u65sim_program_outputs(const u65sim_program* program, size_t segment);
u65sim_status u65sim_program_input(const u65sim_program* program, size_t segment, size_t index,
                                   u65sim_place* place);
u65sim_status u65sim_program_output(const u65sim_program* program, size_t segment, size_t index,
                                    u65sim_place* place);
void u65sim_program_free(u65sim_program* program);
/** The AXI port (0 or 1) behind which the target has a region, for REGIONCFG: bit 2 * region + 1. */
int u65sim_target_region_port(const u65sim_target* target, int region);

/** What a virtual platform gives its NPU. `port` is the AXI port, 0 or 1; accesses return 0 where
    they went well, anything else is a bus error. `irq` may be NULL; it is called when the line
    changes, and may use the device. */
typedef struct u65sim_platform {
    void* user; /**< first argument of all three */
    int (*read)(void* user, int port, uint64_t address, void* bytes, size_t count);
    int (*write)(void* user, int port, uint64_t address, const void* bytes, size_t count);
    void (*irq)(void* user, int raised);
} u65sim_platform;

/** An NPU with registers, an interrupt and two memory ports (docs/device.md). It copies `target`
    and `platform`. */
u65sim_device* u65sim_device_new(const u65sim_target* target, const u65sim_platform* platform);
/** A control register, by its byte address below 0x1000. */
u65sim_status u65sim_device_read(u65sim_device* device, uint32_t address, uint32_t* value);
u65sim_status u65sim_device_write(u65sim_device* device, uint32_t address, uint32_t value);
/** Lets cycles of the NPU's clock pass; what is due within them happens, each in its own cycle. */
u65sim_status u65sim_device_advance(u65sim_device* device, int64_t cycles);
/** Cycles since the device was made. */
int64_t u65sim_device_now(const u65sim_device* device);
/** Cycles from now until something happens by itself, 0 for now; -1: nothing will. */
int64_t u65sim_device_next_event(const u65sim_device* device);
/** The state of the interrupt line. */
int u65sim_device_irq(const u65sim_device* device);
/** Cycles of the last run that reached its stream's end. */
int64_t u65sim_device_last_run_cycles(const u65sim_device* device);
/** What ended the last run early; "" when nothing did. */
const char* u65sim_device_last_run_error(const u65sim_device* device);
void u65sim_device_free(u65sim_device* device);

#ifdef __cplusplus
}
#endif

#endif
