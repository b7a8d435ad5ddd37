#include "target/architecture.hpp"

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

using namespace u65sim;

namespace {
Accelerator accelerator(Product product, int macs, int cores = 1) {
    Accelerator result;
    result.product = product;
    result.macs_per_cycle = macs;
    result.cores = cores;
    return result;
}
}  // namespace

TEST_CASE("every configuration's MACs a cycle are its ublock times the 8 deep dot product") {
    for (const Accelerator& each :
         {accelerator(Product::u55, 32), accelerator(Product::u55, 64),
          accelerator(Product::u55, 128), accelerator(Product::u55, 256),
          accelerator(Product::u65, 256), accelerator(Product::u65, 256, 2)}) {
        CAPTURE(accelerator_name(each));
        const Architecture arch = architecture(each);
        CHECK(arch.ofm_ublock.elements() * 8 == each.macs_per_cycle);
        CHECK(arch.axi_width_bytes == (each.product == Product::u65 ? 16 : 8));
        CHECK(arch.address_bits == (each.product == Product::u65 ? 40 : 32));
        CHECK(accelerator_from_config(config_word(each)) == each);
    }
}

TEST_CASE("the shared buffer of the U65-256") {
    const Architecture arch = architecture(accelerator(Product::u65, 256));
    CHECK(arch.shram_banks == 48);
    CHECK(arch.lut_address() == 0xB800);
    CHECK(arch.granules.acc40 == 20);
    CHECK(arch.max_block == BlockShape{32, 64, 128});
}

TEST_CASE("CONFIG words as payloads carry them") {
    CHECK(config_word(accelerator(Product::u65, 256)) == 0x10003008);
    CHECK(config_word(accelerator(Product::u65, 256, 2)) == 0x10006009);
    CHECK(config_word(accelerator(Product::u55, 128)) == 0x00001807);
    CHECK(accelerator_name(accelerator(Product::u65, 256, 2)) == "u65-512");
    CHECK_THROWS_AS(accelerator_from_config(0x20003008), InvalidStream);
}

TEST_CASE("an accelerator that does not exist is refused with what does") {
    CHECK_THROWS_WITH(architecture(accelerator(Product::u65, 128)),
                      Catch::Contains("128") && Catch::Contains("u65 with 256"));
    CHECK_THROWS_AS(architecture(accelerator(Product::u55, 256, 2)), InvalidConfig);
}

TEST_CASE("regions take the driver's ports") {
    using enum MemoryMode;
    CHECK(port_of_region(dedicated_sram, 0) == 1);
    CHECK(port_of_region(dedicated_sram, 1) == 1);
    CHECK(port_of_region(dedicated_sram, 2) == 0);
    CHECK(port_of_region(shared_sram, 0) == 1);
    CHECK(port_of_region(shared_sram, 1) == 0);
    CHECK(port_of_region(sram_only, 0) == 0);
    CHECK(port_of_commands(dedicated_sram) == 1);
    CHECK(port_of_commands(sram_only) == 0);
}
