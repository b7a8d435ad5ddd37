#include "oracle/named.hpp"

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

using namespace u65sim;

TEST_CASE("A name says whether it stands for the zoo's network or a file") {
    CHECK(named::zoo_name("zoo:ds_cnn") == "ds_cnn");
    CHECK(named::zoo_name("ds_cnn") == "ds_cnn");
    CHECK_FALSE(named::zoo_name("ds_cnn.tflite"));
    CHECK_FALSE(named::zoo_name("models/zoo:ds_cnn"));
    CHECK(named::network("zoo:ds_cnn").name == "ds_cnn");
    CHECK_THROWS_AS(named::network("zoo:ds_cmm"), InvalidModel);
    CHECK_THROWS_AS(named::network("absent.tflite"), FileError);
}

TEST_CASE("A target's name is a preset's or a file's") {
    CHECK(named::target("u55-128").name == "u55-128");
    CHECK_FALSE(named::is_target_file("u55-128"));
    for (const char* const file : {"a.yaml", "a.yml", "folder/a"}) {
        CHECK(named::is_target_file(file));
        CHECK_THROWS_AS(named::target(file, "/nowhere"), FileError);
    }
    CHECK_THROWS_AS(named::target("u55-129"), InvalidConfig);
}
