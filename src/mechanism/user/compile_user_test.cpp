#include "mechanism/compile_user.hpp"

#include <cstdlib>
#include <fstream>

#include "mechanism/user/kernels_against_reference.hpp"

namespace neurontwin {
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
    std::string name = (fs::temp_directory_path() / "neurontwin-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "kdr.mod") << kChannel;
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    ::unsetenv("CXX");
  }
  void TearDown() override {
    fs::remove_all(folder_);
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("CXX");
  }
  std::string refusal() {
    try {
      load_mechanism("kdr.mod", folder_, "cell.toml:3");
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
  fs::path folder_;
};

TEST_F(UserMechanism, RunsLikeItsExpressionsAndIsCompiledOnce) {
  // A compiler that counts its calls.
  const auto compiler = folder_ / "compiler";
  std::ofstream(compiler) << "#!/bin/sh\necho called >> " << (folder_ / "calls").string()
                          << "\nexec c++ \"$@\"\n";
  fs::permissions(compiler, fs::perms::owner_all);
  ::setenv("CXX", compiler.c_str(), 1);
  for (int time = 0; time < 2; ++time) {
    const auto loaded = load_mechanism("kdr.mod", folder_, "cell.toml:3");
    expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
    EXPECT_EQ(fs::file_size(folder_ / "calls"), 7u);  // "called\n", once
  }
  // Another text is another mechanism.
  std::ofstream(folder_ / "kdr.mod") << std::string(kChannel).replace(std::string(kChannel).find("+ 30"), 4,
                                                                      "+ 35");
  load_mechanism("kdr.mod", folder_, "cell.toml:3");
  EXPECT_EQ(fs::file_size(folder_ / "calls"), 14u);
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
  EXPECT_NE(
      message.find("kdr.mod: its generated code could not be compiled (is libhwy-dev installed?); see "),
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

}  // namespace
}  // namespace neurontwin
