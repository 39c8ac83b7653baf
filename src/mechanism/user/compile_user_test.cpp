#include "mechanism/detail/compile_user.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "mechanism/generate.hpp"
#include "mechanism/user/kernels_against_reference.hpp"

namespace nt::mechanism {
namespace {

namespace fs = std::filesystem;

constexpr auto kChannel =
    "NEURON { SUFFIX kdr USEION k READ ek WRITE ik }\nPARAMETER { gbar = 0.1 }\nASSIGNED { v ek ik }\nSTATE "
    "{ n }\n"
    "BREAKPOINT { SOLVE s METHOD cnexp\n ik = gbar*n^4*(v - ek) }\nDERIVATIVE s { n' = (1/(1 + exp(-(v + "
    "30)/9)) - n)/3 }\n";

/// A folder with a .mod file, and a cache of its own.
class UserMechanism : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "kdr.mod") << kChannel;
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    ::unsetenv("CXX");
  }
  void TearDown() override {
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("CXX");
  }
  /// Another text, with "+ 31" in the place of "+ 30": another mechanism.
  void write_channel_that_opens_at(const char* half_mV) {
    std::string text(kChannel);
    std::ofstream(folder_ / "kdr.mod") << text.replace(text.find("+ 30"), 4, half_mV);
  }
  std::string refusal() {
    try {
      load_mechanism("kdr.mod", folder_.path(), "cell.toml:3");
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
  /// A compiler that first writes a line to the file "calls" whenever it is asked to compile a kernel, and to
  /// "starts" for what all kernels begin with.
  fs::path counting_compiler(const std::string& then = "exec c++ \"$@\"") {
    const auto compiler = folder_ / "compiler";
    const auto count = [&](const char* file) {
      return fmt::format("echo called >> '{}'", (folder_ / file).string());
    };
    std::ofstream(compiler) << "#!/bin/sh\ncase \"$*\" in\n*kernels.so*) " << count("calls")
                            << " ;;\n*.gch*) " << count("starts") << " ;;\nesac\n"
                            << then << "\n";
    fs::permissions(compiler, fs::perms::owner_all);
    ::setenv("CXX", compiler.c_str(), 1);
    return compiler;
  }
  size_t count_of(const char* file) const {
    return fs::exists(folder_ / file) ? fs::file_size(folder_ / file) / 7 : 0;
  }
  size_t calls() const { return count_of("calls"); }
  fs::path kept_library() const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache"))
      if (entry.path().filename() == "kernels.so") return entry.path();
    ADD_FAILURE() << "nothing is kept";
    return {};
  }
  config::TemporaryFolder folder_;
};

TEST_F(UserMechanism, RunsLikeItsExpressionsAndIsCompiledOnce) {
  counting_compiler();
  for (int time = 0; time < 2; ++time) {
    const auto loaded = load_mechanism("kdr.mod", folder_.path(), "cell.toml:3");
    expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
    EXPECT_EQ(calls(), 1u);
  }
  // Another text is another mechanism.
  write_channel_that_opens_at("+ 35");
  load_mechanism("kdr.mod", folder_.path(), "cell.toml:3");
  EXPECT_EQ(calls(), 2u);
}

TEST_F(UserMechanism, FromTheSecondOnIsCompiledWithAReadyStart) {
  counting_compiler();
  const auto another = [&](const char* half_mV) {
    write_channel_that_opens_at(half_mV);
    const auto loaded = load_mechanism("kdr.mod", folder_.path(), "cell.toml:3");
    expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
  };
  another("+ 31");
  EXPECT_EQ(count_of("starts"), 0u);
  another("+ 32");
  another("+ 33");
  EXPECT_EQ(count_of("starts"), 1u);
  EXPECT_EQ(calls(), 3u);
}

TEST_F(UserMechanism, IsCompiledWithoutAReadyStartWhereTheCompilerTakesNone) {
  counting_compiler("case \"$*\" in *start.hpp*) exit 1 ;; esac\nexec c++ \"$@\"");
  for (const char* half_mV : {"+ 31", "+ 32"}) {
    write_channel_that_opens_at(half_mV);
    EXPECT_EQ(refusal(), "accepted");
  }
  EXPECT_EQ(count_of("starts"), 1u);
}

TEST_F(UserMechanism, WithoutACompilerSaysWhatToInstall) {
  ::setenv("CXX", "no-such-compiler", 1);
  EXPECT_EQ(refusal(),
            (folder_ / "kdr.mod").string() +
                ": no C++ compiler 'no-such-compiler' to compile it with; install g++, or set CXX");
}

TEST_F(UserMechanism, ACompilerThatFailsIsNamedWithItsLog) {
  ::setenv("CXX", "false", 1);
  const auto message = refusal();
  EXPECT_NE(message.find("kdr.mod: its generated code could not be compiled by false; see "),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("/log"), std::string::npos) << message;
}

TEST_F(UserMechanism, ThatIsNotThereOrWrongIsRefused) {
  fs::remove(folder_ / "kdr.mod");
  EXPECT_EQ(refusal(), "cell.toml:3: there is no file " + (folder_ / "kdr.mod").string());
  std::ofstream(folder_ / "kdr.mod") << "NEURON { SUFFIX kdr }\nBREAKPOINT { i = }\n";
  EXPECT_EQ(refusal(), (folder_ / "kdr.mod").string() + ":2: expected a value, found '}'");
}

TEST_F(UserMechanism, ACacheThatCannotBeWrittenIsNamed) {
  std::ofstream(folder_ / "cache") << "a file in its place";
  EXPECT_NE(refusal().find((folder_ / "cache").string()), std::string::npos);
}

TEST_F(UserMechanism, IsCompiledAgainForAnotherCompiler) {
  counting_compiler();
  EXPECT_EQ(refusal(), "accepted");
  const auto other = folder_ / "other";
  fs::copy_file(folder_ / "compiler", other);
  ::setenv("CXX", other.c_str(), 1);
  EXPECT_EQ(refusal(), "accepted");
  EXPECT_EQ(calls(), 2u);
}

TEST_F(UserMechanism, WithLoopsRunsLikeItsExpressions) {
  // Lanes and instances have other voltages: each turns as often as its own wants.
  std::ofstream(folder_ / "turning.mod")
      << "NEURON { SUFFIX turning NONSPECIFIC_CURRENT i }\nDEFINE N 12\nASSIGNED { v i part[N] }\nSTATE { x "
         "}\n"
         "INITIAL { FROM k = 0 TO N - 1 { part[k] = 0 } }\n"
         "BREAKPOINT { LOCAL n, total\n SOLVE s METHOD cnexp\n n = 0\n total = 0\n"
         " WHILE (n*n < v + 100) { n = n + 1\n total = total + part[n/2]*x\n"
         "  FROM k = 0 TO n - 3 { total = total + 0.01*k } }\n i = 1e-3*total*(v + 40) }\n"
         "DERIVATIVE s { x' = -x*count(v)/10\n part[3] = x }\n"
         "FUNCTION count(u) { LOCAL w\n w = u\n count = 1\n WHILE (w > -60) { w = w - 16\n count = count + 1 "
         "} }\n";
  const auto loaded = load_mechanism("turning.mod", folder_.path(), "cell.toml:3");
  EXPECT_TRUE(loaded->mechanism.graph.has_loops());
  expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
}

TEST_F(UserMechanism, ThatIsLongRunsInSeveralFunctionsLikeItsExpressions) {
  std::ofstream(folder_ / "shells.mod")
      << "NEURON { SUFFIX shells NONSPECIFIC_CURRENT i }\nDEFINE N 150\nASSIGNED { v i }\nSTATE { c[N] }\n"
         "BREAKPOINT { SOLVE s METHOD sparse\n i = 1e-3*(c[0] + c[N-1])*(v + 40) }\n"
         "KINETIC s { LOCAL r, out\n r = exp(v/90)\n out = 0\n IF (v > -40) { out = 0.3 }\n"
         " FROM k = 0 TO N - 2 { ~ c[k] <-> c[k+1] (0.2*r + out, 0.1/r) }\n"
         " IF (v > -60) { ~ c[N-1] << (0.02) } }\n";
  const auto loaded = load_mechanism("shells.mod", folder_.path(), "cell.toml:3");
  EXPECT_NE(
      generate_kernels(loaded->mechanism, "shells.cpp", "shells").find("shells_advance_float_2<T>(k, i"),
      std::string::npos);
  expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
}

TEST_F(UserMechanism, ThatIsDamagedInTheCacheIsCompiledAgain) {
  counting_compiler();
  EXPECT_EQ(refusal(), "accepted");
  const auto file = kept_library();
  const auto whole = files::read_file(file);
  auto flipped = whole, unsealed = whole;
  flipped[whole.size() / 3] ^= 1;
  unsealed.back() ^= 1;
  size_t compiled = 1;
  for (const auto& damaged :
       {std::string(), whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1),
        whole.substr(0, whole.size() - 40), flipped, unsealed, std::string("nonsense")}) {
    files::write_file_atomically(file, damaged);
    const auto loaded = load_mechanism("kdr.mod", folder_.path(), "cell.toml:3");
    expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
    EXPECT_EQ(calls(), ++compiled);
  }
}

TEST_F(UserMechanism, ThatOthersMayHavePutIntoTheCacheIsNotLoaded) {
  EXPECT_EQ(refusal(), "accepted");
  const auto file = kept_library();
  // One by one from the file up to the cache's own folder.
  for (auto path = file; path != folder_ / "cache"; path = path.parent_path()) {
    struct stat before {};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    for (const mode_t more : {S_IWGRP, S_IWOTH}) {
      ASSERT_EQ(::chmod(path.c_str(), before.st_mode | more), 0);
      EXPECT_NE(refusal().find(path.string() + ": other users may write to it"), std::string::npos)
          << refusal();
    }
    ASSERT_EQ(::chmod(path.c_str(), before.st_mode), 0);
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
      EXPECT_NE(refusal().find(path.string() + ": belongs to another user (number 65534)"), std::string::npos)
          << refusal();
      ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
    }
    // A link is not followed, even to what would be right.
    const auto elsewhere = folder_ / "elsewhere";
    fs::rename(path, elsewhere);
    fs::create_symlink(elsewhere, path);
    EXPECT_NE(refusal().find(path.string()), std::string::npos) << refusal();
    fs::remove(path);
    fs::rename(elsewhere, path);
    EXPECT_EQ(refusal(), "accepted");
  }
}

TEST_F(UserMechanism, EightProcessesAtOnceAllHaveItFromAnEmptyCache) {
  counting_compiler();
  EXPECT_EQ(refusal(), "accepted");
  // From now on compiling takes no longer than a copy, so that all are at it at the same time.
  fs::copy_file(kept_library(), folder_ / "compiled");
  fs::remove_all(folder_ / "cache");
  counting_compiler("cp '" + (folder_ / "compiled").string() + "' kernels.so");
  std::vector<pid_t> processes;
  for (int i = 0; i < 8; ++i) {
    processes.push_back(::fork());
    if (processes.back() == 0) ::_exit(refusal() == "accepted" ? 0 : 1);
  }
  for (const auto process : processes) {
    int status = 0;
    ASSERT_EQ(::waitpid(process, &status, 0), process);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  // Nothing half made is left.
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache")) {
    const auto name = entry.path().filename().string();
    EXPECT_FALSE(name.starts_with("making-") || name.ends_with(".half-written")) << entry.path();
  }
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(UserMechanism, NoNameFromOutsideIsRunWhateverIsInIt) {
  const std::string odd = "-o a b'c\"d$(touch PWNED)`touch PWNED`;touch PWNED\n#error x\\";
  const auto odd_folder = folder_ / odd;
  fs::create_directories(odd_folder);
  const auto file = odd_folder / (odd + "z.mod");
  std::ofstream(file) << "TITLE */ #error x\nUNITS { (mV) = (millivolt) }\n" << kChannel;
  ::setenv("XDG_CACHE_HOME", odd_folder.c_str(), 1);
  const auto compiler = odd_folder / "c++ x";
  fs::create_symlink("/usr/bin/c++", compiler);
  ::setenv("CXX", compiler.c_str(), 1);
  const auto loaded = load_mechanism(file.filename().string(), odd_folder, "cell.toml:3");
  expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
    EXPECT_NE(entry.path().filename(), "PWNED");
  EXPECT_FALSE(fs::exists("PWNED"));
}

TEST_F(UserMechanism, ARelativeCacheCountsAsNone) {
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  ::setenv("HOME", "", 1);
  EXPECT_NE(refusal().find("set XDG_CACHE_HOME (or HOME) to the absolute path"), std::string::npos)
      << refusal();
  ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace nt::mechanism
