#include <catch2/catch.hpp>

#include <fstream>

#include <unistd.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>

#include "base/output_file.hpp"
#include "support/temporary_folder.hpp"

using namespace u65sim;
namespace fs = std::filesystem;

TEST_CASE("A file under way is not seen, and goes when it is given up or the process ends") {
    const test::TemporaryFolder folder;
    const fs::path file = folder.path() / "file";
    {
        base::OutputFile out{file};
        out.write("half");
        CHECK(!fs::exists(file));
        CHECK(folder.files() == 1);
    }
    CHECK(folder.files() == 0);
    {
        base::OutputFile out{file};
        remove_unfinished_files();
        CHECK(folder.files() == 0);
        CHECK_THROWS_AS(out.finish(), FileError);
    }
    base::OutputFile out{file};
    out.write("whole");
    out.finish();
    CHECK(read_file(file).text() == "whole");
    remove_unfinished_files();
    CHECK(folder.files() == 1);
}

TEST_CASE("Links are followed to what is written; links without end and folders are refused") {
    const test::TemporaryFolder folder;
    fs::create_directory(folder.path() / "below");
    fs::create_symlink("below/second", folder.path() / "first");
    fs::create_symlink("target", folder.path() / "below" / "second");
    write_file(folder.path() / "first", "text");
    CHECK(read_file(folder.path() / "below" / "target").text() == "text");
    CHECK(fs::is_symlink(folder.path() / "below" / "second"));
    fs::create_symlink("b", folder.path() / "a");
    fs::create_symlink("a", folder.path() / "b");
    CHECK_THROWS_AS(write_file(folder.path() / "a", ""), FileError);
    CHECK_THROWS_AS(write_file(folder.path(), ""), FileError);
    CHECK_THROWS_AS(require_writable(folder.path()), FileError);
    CHECK_THROWS_AS(require_writable(folder.path() / "none" / "file"), FileError);
    CHECK_NOTHROW(require_writable(folder.path() / "first"));
}

TEST_CASE("No more is read than a caller asks for") {
    const test::TemporaryFolder folder;
    const fs::path file = folder.path() / "file";
    std::ofstream{file} << std::string(100, 'x');
    CHECK(read_file(file, 100).size() == 100);
    CHECK_THROWS_AS(read_file(file, 99), FileError);
    fs::resize_file(file, std::uintmax_t{1} << 40U);  // without taking the room on disk
    CHECK_THROWS_AS(read_file(file), FileError);
    CHECK_THROWS_AS(read_file("/dev/zero"), FileError);
    CHECK(read_file("/dev/null").size() == 0);
    CHECK(read_file("/proc/self/status").size() > 0);  // says that it has no size
    CHECK_THROWS_AS(read_file(folder.path()), FileError);
    CHECK_THROWS_AS(read_file(folder.path() / "none"), FileError);
}
