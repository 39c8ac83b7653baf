#include "progress/watcher.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "config/error.hpp"

namespace nt::progress {
namespace {

TEST(Watcher, WhoeverIsNotThereIsNeitherToldNorAsked) {
  const Watcher nobody;
  nobody.tell({"simulate", 1, 2, "trials", ""});
  nobody.note("a line");
  EXPECT_FALSE(nobody.stop_requested());
  EXPECT_NO_THROW(nobody.stop_here_if_asked("simulating"));
}

TEST(Watcher, AStopThatWasAskedForIsAnErrorThatSaysWhatWasStopped) {
  std::stop_source source;
  const Watcher watcher{.stop = source.get_token()};
  EXPECT_NO_THROW(watcher.stop_here_if_asked("simulating"));
  source.request_stop();
  try {
    watcher.stop_here_if_asked("simulating");
    FAIL();
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "stopped while simulating; run the same command again to go on");
  }
}

TEST(Watcher, ToldInAnotherWayItIsStillTheOneThatMayStop) {
  std::stop_source source;
  std::vector<double> first, second;
  const Watcher watcher{[&](const Progress& p) { first.push_back(p.done); }, {}, source.get_token()};
  const auto other = watcher.with_progress([&](const Progress& p) { second.push_back(p.done); });
  other.tell({"train", 3, 4, "steps", ""});
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(second, std::vector<double>{3});
  source.request_stop();
  EXPECT_TRUE(other.stop_requested());
}

}  // namespace
}  // namespace nt::progress
