// Deflated bytes as zlib 1.2.13 packs them.
#include <catch2/catch.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "frontend/npz/inflate.hpp"

using u65sim::frontend::inflate;

namespace {

std::vector<std::uint8_t> bytes_of(const std::string& hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/// 0, 1, 4, 9 ... as bytes: what the packed texts below hold.
std::vector<std::uint8_t> squares(std::size_t count) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i >> 3));
    return bytes;
}

const char* const fixed_codes =
    "013c00c3ff0000000102030406080a0c0f1215181c2024282d32373c42484e545b6269707880889099a2abb4"
    "bec8d2dce7f2fd0814202c3845525f6c7a8896a4b3";

const char* const own_codes =
    "edd361634a7b0080f123e1204c4218fe124248862124e12024210c491842328470241c842484210921242184"
    "c970109221846418421242b8f77e8bfba2e7f90c3f0882ca11ca132bc2554835c8b5a9d980ce68c3eecce121"
    "83c5636453956a14336cb31e765fc083e13789df30053073fb88c62b16625b6c277c772371280bb4e70d93cf"
    "c3b63b2e065fa548200719ab5a55e8c29f25abd2ba08f351b3f37af417a52d22d36c75dd2a23028e64aef198"
    "ff1ddc9c3f51bba7280201ee04eddee2d7702bc12ce3c9501af0f3d7b91ea669c84cd3b968659604b5077ed0"
    "0616ecc213d9fd543bf12410a8f705ff324763a74a6bf1665b02104bbad1f7853e023b1b6b2c5ae189013176"
    "3ed122cf88ffc9996e7d9485a09e784bd98e92ea88d6fb9d3dc35e0af2ccf7c943f437e0bebacb845e6811c4"
    "452f117aebaec203f477c8c3cd6120b77f60cff71290f5250d6407e3b9289e35cafa3e67094ece3b90e88e95"
    "0085a7826877ac2bf6803ec75753ea848496cfbc4da59db0c7cca5c1666a3f28c01baaae65abf0460537690b"
    "020c34c45a1ded66fa8858d3235dd5f28b8126d4d1f84970089e5cdc54fb826b81a4454db42ff9fbe169fe76"
    "c6af122fd0950d72d5d54491a39445d1fe4e2a5a263c435b9b1c87b30b2ba99e226ea04f4d0af674d4c7bec9"
    "eff18e0303a48c0cf575b0d5c17e2a9e8baee43a80095e9c981216e13ddcadadf50c309a52be953d11df467c"
    "9cd3ec230c1b28a46e266f20ad81571297139641e8bf2f232c27ae84d790369037530b818d71847d9ae3436e"
    "8b9fc8de2a53286ca8676dedee818bc253128b611370e45e113d57fcc4ead83af886469490011ce7dd937fc3"
    "ea3b7a0627a5f4c08d3c55552a64e3e3926b6967846528d5d93fba887214896aeaba0695e98057f2d5d8ce3f"
    "0ddecf7fa96d5224852cdc17daa6c593e143824fc68e210d28ceafe61a99b6221f4ddda2ab592194115840bb"
    "59d00857655f5335c40b805fdd2cb894f918eb54ba89f7d922849cd29abe39f40758d7d86e51058f029460dd"
    "1307f2c8f8929cf7d65159389a1b3f286b50b21e2178e7b33fd8e5206c1e4ebea31f005fd5f5265c42b95011"
    "da8b7059d717bea11f42be6fce03a5f619ecef5e2d52bd6487ac65dc8322598facd373fee0c6bc1689f39818"
    "c43c2b448d6367b111f42fbe8d521614b0cce6d52a3d858d66fe0dee530b4012dfa9ea979dc077150ca4fd08"
    "d85109ab72f49c6926424b3f74adcbe78374e8a47196a015fcba78af7602174091a23dda89fce6f03bff31e3"
    "5c090710cb6eb9b66a64485bcaafe875a719cd1776a1554d3ec35d85ab5463911c404abd0a5e746cc7e6c987"
    "f1da832c281eb9eb3b61db822d548c17f5c965020afc3bf1261cc42fb80f5bb7193054ad9c2a1b231e8cf038"
    "9dd96d1874904dad4dae41aa02572496279483fe2be33fe33fe33fe33fe33fe33fe33fe33fe33fe33fe3ff7f"
    "e2ff1f";

const char* const stored =
    "012800d7ff0000000102030406080a0c0f1215181c2024282d32373c42484e545b6269707880889099a2abb4"
    "be";

}  // namespace

TEST_CASE("inflate unpacks stored blocks, fixed codes and codes of a block's own") {
    CHECK(inflate(bytes_of(stored), 40) == squares(40));
    CHECK(inflate(bytes_of(fixed_codes), 60) == squares(60));
    CHECK(inflate(bytes_of(own_codes), 4000) == squares(4000));
}

TEST_CASE("inflate stops where the data end, and at the size it was given") {
    CHECK(inflate(bytes_of(own_codes), 100) == squares(100));
    const std::vector<std::uint8_t> whole = bytes_of(own_codes);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        const auto part = inflate(std::span{whole}.first(size), 4000);
        CHECK(part == squares(part.size()));
        // The last bits say that the block ends.
        if (size + 2 < whole.size()) CHECK(part.size() < 4000);
    }
    CHECK(inflate({}, 10).empty());
}

TEST_CASE("inflate takes any damaged bytes") {
    const std::vector<std::uint8_t> whole = bytes_of(own_codes);
    for (std::size_t i = 0; i < whole.size() * 8; ++i) {
        std::vector<std::uint8_t> damaged = whole;
        damaged[i / 8] = static_cast<std::uint8_t>(damaged[i / 8] ^ 1U << i % 8);
        CHECK(inflate(damaged, 5000).size() <= 5000);
    }
}
