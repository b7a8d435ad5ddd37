/* The NPU as a device of a virtual platform, without SystemC: a driver powers it on, hands it a
 * compiled network through its registers, lets time pass until the interrupt, and reads the
 * performance counters. QEMU's or Renode's device model would call the same functions: register
 * accesses from its MMIO window, advance from its timer, irq to its interrupt controller. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <u65sim/u65sim.h>

enum {
    ID = 0x000,
    STATUS = 0x004,
    CMD = 0x008,
    RESET = 0x00C,
    QBASE = 0x010,
    QCONFIG = 0x01C,
    QSIZE = 0x020,
    REGIONCFG = 0x03C,
    BASEP = 0x080,
    PMCR = 0x180,
    PMCNTENSET = 0x184,
    PMCCNTR = 0x1A0,
    PMCCNTR_CFG = 0x1A8,
    PMEVCNTR = 0x300,
    PMEVTYPER = 0x380
};
enum { CMD_START = 1, CMD_CLEAR_IRQ = 2, CMD_KEEP_CLOCK_AND_POWER = 0 };
enum { EVENT_NPU_ACTIVE = 0x023, EVENT_MAC_ACTIVE = 0x030 };
enum { REGIONS = 3 };

/* The platform: one memory, and an interrupt line. */
enum {
    MEMORY_BYTES = 64 << 20,
    QUEUE_AT = 0,
    CONSTANTS_AT = 8 << 20,
    ARENA_AT = 32 << 20,
    FAST_AT = 56 << 20
};
static const uint64_t bases[REGIONS] = {CONSTANTS_AT, ARENA_AT, FAST_AT};
struct board {
    uint8_t* memory;
    int irq;
};

static int board_has(uint64_t address, size_t count) {
    return address <= MEMORY_BYTES && count <= MEMORY_BYTES - address;
}

static int board_read(void* user, int port, uint64_t address, void* bytes, size_t count) {
    (void)port;
    if (!board_has(address, count)) return 1;
    memcpy(bytes, ((struct board*)user)->memory + address, count);
    return 0;
}

static int board_write(void* user, int port, uint64_t address, const void* bytes, size_t count) {
    (void)port;
    if (!board_has(address, count)) return 1;
    memcpy(((struct board*)user)->memory + address, bytes, count);
    return 0;
}

static void board_irq(void* user, int raised) { ((struct board*)user)->irq = raised; }

static int fail(void) {
    fprintf(stderr, "u65sim: %s\n", u65sim_last_error());
    return (int)u65sim_last_status();
}

static uint32_t get(u65sim_device* npu, uint32_t address) {
    uint32_t value = 0;
    if (u65sim_device_read(npu, address, &value) != U65SIM_OK) exit(fail());
    return value;
}

static void set(u65sim_device* npu, uint32_t address, uint32_t value) {
    if (u65sim_device_write(npu, address, value) != U65SIM_OK) exit(fail());
}

static void set_address(u65sim_device* npu, uint32_t address, uint64_t value) {
    set(npu, address, (uint32_t)value);
    set(npu, address + 4, (uint32_t)(value >> 32));
}

/* What a loader puts into memory. */
static uint32_t load(struct board* board, const u65sim_program* program) {
    size_t words = 0, bytes = 0;
    const uint32_t* stream = u65sim_program_stream(program, 0, &words);
    const uint8_t* constants = u65sim_program_constants(program, 0, &bytes);
    memcpy(board->memory + QUEUE_AT, stream, words * 4);
    memcpy(board->memory + CONSTANTS_AT, constants, bytes);
    return (uint32_t)(words * 4);
}

/* What a driver does for one inference; returns the NPU's cycles as its PMU has them. */
static uint64_t infer(u65sim_device* npu, const u65sim_target* target, const struct board* board,
                      uint32_t queue_bytes) {
    uint32_t region_config = 0;
    set(npu, RESET, 0);
    set(npu, CMD, CMD_KEEP_CLOCK_AND_POWER);
    set_address(npu, QBASE, QUEUE_AT);
    set(npu, QSIZE, queue_bytes);
    set(npu, QCONFIG, 2); /* commands over AXI1 */
    for (int region = 0; region < REGIONS; ++region) {
        const uint32_t port = (uint32_t)u65sim_target_region_port(target, region);
        region_config |= port << (2 * region + 1);
        set_address(npu, BASEP + 8 * (uint32_t)region, bases[region]);
    }
    set(npu, REGIONCFG, region_config);
    set(npu, PMEVTYPER, EVENT_MAC_ACTIVE);
    set(npu, PMCCNTR_CFG, EVENT_NPU_ACTIVE);
    set(npu, PMCNTENSET, 0x80000001u);
    set(npu, PMCR, 1 | 2 | 4); /* on, and from zero */
    set(npu, CMD, CMD_START);
    while (!board->irq) {
        const int64_t cycles = u65sim_device_next_event(npu);
        if (cycles < 0 || u65sim_device_advance(npu, cycles) != U65SIM_OK) exit(fail());
    }
    set(npu, CMD, CMD_CLEAR_IRQ);
    return get(npu, PMCCNTR) | (uint64_t)get(npu, PMCCNTR + 4) << 32;
}

int main(void) {
    struct board board = {calloc(1, MEMORY_BYTES), 0};
    const u65sim_platform platform = {&board, board_read, board_write, board_irq};
    u65sim_target* target = u65sim_target_preset("u65-256");
    u65sim_graph* graph = u65sim_graph_zoo("ds_cnn");
    u65sim_program* program = u65sim_program_new(target, graph);
    u65sim_device* npu = u65sim_device_new(target, &platform);
    if (board.memory == NULL || program == NULL || npu == NULL) return fail();

    const uint32_t queue_bytes = load(&board, program);
    u65sim_place in, out;
    if (u65sim_program_input(program, 0, 0, &in) != U65SIM_OK ||
        u65sim_program_output(program, 0, 0, &out) != U65SIM_OK) {
        return fail();
    }
    uint8_t* input = board.memory + bases[in.region] + in.offset;
    const uint8_t* output = board.memory + bases[out.region] + out.offset;
    for (uint64_t i = 0; i < in.bytes; ++i) input[i] = (uint8_t)(37 * i);
    const uint64_t cycles = infer(npu, target, &board, queue_bytes);
    printf("id %#" PRIx32 ", status %#" PRIx32 ": %" PRIu64
           " cycles, the MAC array at work in %" PRIu32 "\n",
           get(npu, ID), get(npu, STATUS), cycles, get(npu, PMEVCNTR));
    printf("output:");
    for (uint64_t i = 0; i < out.bytes; ++i) printf(" %d", (int8_t)output[i]);
    printf("\n");

    /* The oracle's cycles for the same network. */
    u65sim_oracle* oracle = u65sim_oracle_new(target);
    u65sim_report* report = u65sim_oracle_estimate(oracle, graph);
    const int equal = report != NULL && u65sim_report_cycles(report) == (int64_t)cycles;
    printf("the oracle's report has %s cycles\n", equal ? "the same" : "OTHER");
    u65sim_report_free(report);
    u65sim_oracle_free(oracle);
    u65sim_device_free(npu);
    u65sim_program_free(program);
    u65sim_graph_free(graph);
    u65sim_target_free(target);
    free(board.memory);
    return equal ? 0 : 1;
}
