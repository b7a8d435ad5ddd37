#include "cli/program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/environment.hpp"

namespace u65sim::cli_test {

namespace fs = std::filesystem;

namespace {

void redirect(int descriptor, const std::string& file, int flags) {
    const int opened = ::open(file.c_str(), flags, 0600);
    if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

}  // namespace

Outcome run(const std::vector<std::string>& arguments) {
    return run_tool(test::program(), arguments);
}

Outcome run_in_shell(const std::string& script, const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"-c", script, "sh", test::program()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_tool("sh", words);
}

Outcome run_bounded(int mebibytes, int seconds, const std::vector<std::string>& arguments) {
    std::string script;
    if (!test::address_sanitizer) script = "ulimit -v " + std::to_string(mebibytes * 1024) + "; ";
    script +=
        "ulimit -t " + std::to_string(test::address_sanitizer ? 10 * seconds : seconds) + "; ";
    return run_in_shell(script + "exec \"$@\"", arguments);
}

Outcome run_tool(const std::string& program, const std::vector<std::string>& arguments) {
    const Folder folder;
    const std::string out = folder.file("out");
    const std::string err = folder.file("err");
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
        redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
        redirect(STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC);
        redirect(STDERR_FILENO, err, O_WRONLY | O_CREAT | O_TRUNC);
        ::execvp(program.c_str(), pointers.data());
        ::_exit(127);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
    // A signal shows as 128 + its number, as a shell tells it.
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(out), read(err)};
}

std::string read(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

void write(const std::string& file, const std::string& content) {
    std::ofstream{file, std::ios::binary} << content;
}

}  // namespace u65sim::cli_test
