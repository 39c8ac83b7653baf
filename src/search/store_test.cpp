#include "search/store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "config/temporary_folder.hpp"

namespace neurontwin {
namespace {

class TheStore : public testing::Test {
 protected:
  TemporaryFolder own_;
  const std::filesystem::path& folder_ = own_.path();
};

Configuration some_configuration(int64_t number) {
  return draw(read_space(Settings::from_text("")), 1, number);
}

/// Always something new.
std::optional<SearchStore::Choice> fresh(const Knowledge& k) {
  const auto number = static_cast<int64_t>(k.trials.size());
  return SearchStore::Choice{{number, 0}, some_configuration(number)};
}
std::optional<SearchStore::Choice> nothing(const Knowledge&) {
  return std::nullopt;
}

RungResult result_of(double auc) {
  RungResult r;
  r.auc = auc;
  r.curve = nlohmann::ordered_json::array({1, 2, 3});
  return r;
}

TEST_F(TheStore, KeepsWhatItWasToldInTheOrderOfTelling) {
  {
    SearchStore store(folder_, "this");
    auto first = store.claim(fresh), second = store.claim(fresh);
    store.finish(second->job, result_of(0.75));
    store.finish(first->job, result_of(std::nan("")));
  }
  const auto known = SearchStore(folder_, "this").knowledge();
  ASSERT_EQ(known.trials.size(), 2u);
  EXPECT_EQ(to_json(known.trials[1].configuration), to_json(some_configuration(1)));
  EXPECT_EQ(known.trials[1].begun, 1);
  ASSERT_EQ(known.finished.size(), 2u);
  EXPECT_EQ(known.finished[0].job.trial, 1);
  EXPECT_EQ(known.finished[0].result.auc, 0.75);
  EXPECT_EQ(known.finished[0].result.curve.dump(), "[1,2,3]");
  EXPECT_TRUE(std::isnan(known.finished[1].result.auc));
}

TEST_F(TheStore, GivesNoJobToTwo) {
  SearchStore one(folder_, "this"), other(folder_, "this");
  const auto first = one.claim(fresh), second = other.claim(fresh);
  EXPECT_EQ(first->job.trial, 0);
  EXPECT_EQ(second->job.trial, 1);
  EXPECT_FALSE(one.claim(nothing));
  EXPECT_EQ(one.unfinished(), 2);
}

TEST_F(TheStore, OffersAJobAgainWhoseWorkerIsGoneBeforeAnythingNew) {
  SearchStore one(folder_, "this"), other(folder_, "this");
  auto lost = one.claim(fresh);
  const auto configuration = to_json(lost->configuration);
  lost.reset();
  const auto again = other.claim(fresh);
  EXPECT_EQ(again->job.trial, 0);
  EXPECT_EQ(again->job.rung, 0);
  EXPECT_EQ(to_json(again->configuration), configuration);
}

TEST_F(TheStore, OffersTheJobOfAKilledProcessAgain) {
  SearchStore store(folder_, "this");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    SearchStore its(folder_, "this");
    const auto claimed = its.claim(fresh);
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(store.claim(nothing));  // it lives
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto again = store.claim(nothing);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job.trial, 0);
}

TEST_F(TheStore, TakesOneResultForAJob) {
  SearchStore store(folder_, "this");
  const auto claimed = store.claim(fresh);
  store.finish(claimed->job, result_of(0.5));
  EXPECT_THROW(store.finish(claimed->job, result_of(0.6)), RunError);
  EXPECT_THROW(store.finish({0, 1}, result_of(0.6)), RunError);  // nobody began it
  EXPECT_EQ(store.knowledge().finished.size(), 1u);
}

TEST_F(TheStore, RefusesTheFileOfAnotherSearchOrOfNone) {
  { SearchStore store(folder_, "this"); }
  EXPECT_THROW(SearchStore(folder_, "that"), InputError);
  write_file_atomically(folder_ / "search.sqlite",
                        "Nothing that a data base would begin with, and long enough");
  EXPECT_THROW(SearchStore(folder_, "this"), InputError);
}

TEST_F(TheStore, RemembersWhenTheTestSetWasLookedAt) {
  SearchStore store(folder_, "this");
  store.keep({{3, 1}, {{"auc", 0.9}}});
  EXPECT_THROW(store.keep({{3, 1}, {{"auc", 0.91}}}), RunError);  // once
  ASSERT_EQ(store.test_looks().size(), 1u);
  EXPECT_EQ(store.test_looks()[0].scores["auc"], 0.9);
}

TEST_F(TheStore, AddsUpTheTimeOfItsSessions) {
  { SearchStore(folder_, "this").add_elapsed(2.5); }
  SearchStore store(folder_, "this");
  store.add_elapsed(1);
  EXPECT_DOUBLE_EQ(store.elapsed_s(), 3.5);
}

}  // namespace
}  // namespace neurontwin
