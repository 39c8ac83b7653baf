#include "search/store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <random>

#include "config/temporary_folder.hpp"

namespace nt::search {
namespace {

class TheStore : public testing::Test {
 protected:
  config::TemporaryFolder own_;
  const std::filesystem::path& folder_ = own_.path();
};

Configuration some_configuration(int64_t number) {
  return draw(read_space(config::Settings::from_text("")), 1, number);
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
  r.curve = {{1, 60.5, 1e-3, 0.2, 0.3, 0.9}, {2, 121, 5e-4, 0.1, 0.2, std::nan("")}};
  return r;
}

TEST_F(TheStore, SaysWhatItsResultsDependOnAndIsPutAsideWhole) {
  EXPECT_EQ(identity_of_search(folder_), "");
  for (int n = 1; n <= 2; ++n) {
    {
      SearchStore store(folder_, "this");
      store.finish(store.claim(fresh)->job, result_of(0.9));
    }
    files::write_file_atomically(folder_ / "search.json", "{}");
    EXPECT_EQ(identity_of_search(folder_), "this");
    const auto aside = put_search_aside(folder_);
    EXPECT_EQ(aside, folder_ / fmt::format("search-before-{}", n));
    EXPECT_EQ(identity_of_search(folder_), "");
    EXPECT_EQ(SearchStore(aside, "this").knowledge().finished.size(), 1u);
    EXPECT_TRUE(std::filesystem::exists(aside / "search.json"));
    for (const auto* name : {"search", "search.json", "search.sqlite", "search.sqlite-wal"})
      EXPECT_FALSE(std::filesystem::exists(folder_ / name)) << name;
  }
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
  EXPECT_EQ(text_of(known.trials[1].configuration), text_of(some_configuration(1)));
  EXPECT_EQ(known.trials[1].begun, 1);
  ASSERT_EQ(known.finished.size(), 2u);
  EXPECT_EQ(known.finished[0].job.trial, 1);
  EXPECT_EQ(known.finished[0].result.auc, 0.75);
  const auto& curve = known.finished[0].result.curve;
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[1].epoch, 2);
  EXPECT_EQ(curve[0].seen_s, 60.5);
  EXPECT_EQ(curve[0].learning_rate, 1e-3);
  EXPECT_EQ(curve[0].train_loss, 0.2);
  EXPECT_EQ(curve[0].valid_loss, 0.3);
  EXPECT_EQ(curve[0].valid_auc, 0.9);
  EXPECT_TRUE(std::isnan(curve[1].valid_auc));
  EXPECT_TRUE(SearchStore(folder_, "this").knowledge_without_curves().finished[0].result.curve.empty());
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
  const auto configuration = text_of(lost->configuration);
  lost.reset();
  const auto again = other.claim(fresh);
  EXPECT_EQ(again->job.trial, 0);
  EXPECT_EQ(again->job.rung, 0);
  EXPECT_EQ(text_of(again->configuration), configuration);
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
  files::write_file_atomically(folder_ / "search.sqlite",
                               "Nothing that a data base would begin with, and long enough");
  EXPECT_THROW(SearchStore(folder_, "this"), InputError);
}

/// A search of two trials, one of them finished, with the file changed by `sql` afterwards; what reading all
/// of it says.
std::string refusal_of_changed(const std::filesystem::path& folder, const std::string& sql) {
  const auto file = folder / "search.sqlite";
  for (const auto* name : {"search.sqlite", "search.sqlite-wal", "search.sqlite-shm"})
    std::filesystem::remove(folder / name);
  {
    SearchStore store(folder, "this");
    const auto first = store.claim(fresh), second = store.claim(fresh);
    store.finish(first->job, result_of(0.75));
    store.keep({{0, 0}, {0.9, 0.8, 1}, {0.5, 0.4, 0.6}, 2});
  }
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
  try {
    SearchStore store(folder, "this");
    store.knowledge();
    store.test_looks();
    store.elapsed_s();
    store.claim(nothing);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with(file.string() + ": is ")) << message;
    return message.substr(file.string().size());
  }
  return "accepted";
}

TEST_F(TheStore, RefusesValuesOutOfTheirRangeAndIndexesOutOfTheTable) {
  EXPECT_EQ(refusal_of_changed(folder_, "UPDATE result SET auc = 0.5"), "accepted");
  const auto setting = [](const std::string& key, const std::string& value) {
    return "UPDATE trial SET configuration = json_set(configuration, '$." + key + "', " + value +
           ") WHERE number = 1";
  };
  for (const auto& [sql, words] : std::vector<std::pair<std::string, std::string>>{
           {"UPDATE result SET auc = 1.5", "auc is 1.5, expected from 0 to 1"},
           {"UPDATE result SET auc = -1", "auc is -1"},
           {"UPDATE result SET auc = 9e999", "not finite"},
           {"UPDATE result SET auc = 'good'", "auc is of another type"},
           {"UPDATE result SET variance_explained = 1.01", "variance_explained is 1.01"},
           {"UPDATE result SET seconds = -1", "seconds is -1"},
           {"UPDATE result SET curve = '[1,'", "not JSON from byte"},
           {"UPDATE result SET curve = '3'", "the curve of trial 0 is none"},
           {"UPDATE result SET curve = '[3]'", "the curve of trial 0 is none"},
           {"UPDATE result SET curve = '[{\"epoch\":1}]'", "the curve of trial 0 is none"},
           {"PRAGMA foreign_keys = OFF; UPDATE result SET rung = 3", "of no trial"},
           {"PRAGMA foreign_keys = OFF; UPDATE result SET trial = 7", "of no trial"},
           {"INSERT INTO job VALUES (1, 5)", "trial 1 began rungs out of order"},
           {"INSERT INTO job VALUES (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (1, 9), "
            "(1, 10)",
            "it names rung 10"},
           {"INSERT INTO job VALUES (1, -1)", "trial 1 began rungs out of order"},
           {"INSERT INTO trial SELECT 7, configuration FROM trial WHERE number = 1", "trial 2 is not there"},
           {"INSERT INTO trial SELECT -1, configuration FROM trial WHERE number = 1", "trial 0 is not there"},
           {"UPDATE test_look SET trial = 9", "test scores of trial 9"},
           {"UPDATE test_look SET trial = -9", "it names trial -9"},
           {"UPDATE test_look SET scores = '[]'", "test scores of trial 0"},
           {"UPDATE test_look SET scores = '{\"auc\":\"good\"}'", "test scores of trial 0"},
           {"UPDATE about SET value = -1 WHERE name = 'elapsed_s'", "value is -1"},
           {"DELETE FROM about WHERE name = 'elapsed_s'", "how long the search took"},
           {setting("taps", "'[]'"), "trial 1 cannot be"},
           {setting("taps", "json('[]')"), "0 taps"},
           {setting("taps[0]", "0"), "taps is 0, expected from 1 to 10000"},
           {setting("width[0]", "1000000000000"), "width is 1000000000000"},
           {setting("width", "json('[1,2,3,4,5,6,7,8,9,10,11]')"), "11 widths"},
           {setting("learning_rate", "-1"), "learning_rate is -1"},
           {setting("learning_rate", "'fast'"), "trial 1 cannot be"},
           {setting("again_of", "1"), "another training of trial 1"},
           {setting("again_of", "5"), "another training of trial 5"},
           {setting("family", "'random'"), "names 'random'"},
           {"UPDATE trial SET configuration = '" + std::string(100000, '[') + "'",
            "nested more than 64 deep"},
           {"PRAGMA user_version = 2",
            "no search of this version of neurontwin (its format is 2, expected 1)"},
           {"CREATE TRIGGER t AFTER INSERT ON attempt BEGIN DELETE FROM result; END",
            "other tables than a search's"},
           {"ALTER TABLE result ADD COLUMN more", "other tables than a search's"},
           {"DROP TABLE attempt", "other tables than a search's"}}) {
    const auto message = refusal_of_changed(folder_, sql);
    EXPECT_NE(message.find(words), std::string::npos) << sql << "\n" << message;
  }
}

TEST_F(TheStore, RefusesAFileThatIsCutShortAndReadsOrRefusesOneWithAnyByteChanged) {
  EXPECT_EQ(refusal_of_changed(folder_, "PRAGMA wal_checkpoint(TRUNCATE)"), "accepted");
  const auto file = folder_ / "search.sqlite";
  const auto good = files::read_file(file);
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const bool cut = i % 10 == 0;
    auto bad = good;
    if (cut)
      bad.resize(1 + random() % (bad.size() - 1));
    else
      bad[random() % bad.size()] = static_cast<char>(random());
    for (const auto* name : {"search.sqlite-wal", "search.sqlite-shm"})
      std::filesystem::remove(folder_ / name);
    files::write_file_atomically(file, bad);
    std::string message;
    try {
      SearchStore store(folder_, "this");
      store.knowledge();
      store.test_looks();
    } catch (const InputError& error) {
      message = error.what();
    } catch (const RunError& error) {
      message = error.what();
    }
    EXPECT_TRUE(!cut || !message.empty());
    EXPECT_TRUE(message.empty() || message.starts_with(file.string() + ": ")) << message;
  }
}

TEST_F(TheStore, RefusesADataBaseOfSomethingElseAndAPipe) {
  const auto file = folder_ / "search.sqlite";
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE trial (x)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_THROW(SearchStore(folder_, "this"), InputError);
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THROW(SearchStore(folder_, "this"), InputError);
}

TEST_F(TheStore, RemembersWhenTheTestSetWasLookedAt) {
  SearchStore store(folder_, "this");
  const auto claimed = store.claim(fresh);
  store.keep({{0, 1}, {std::nan(""), std::nan(""), std::nan("")}, {0.5, 0.4, 0.6}, 2});
  EXPECT_THROW(store.keep({{0, 1}, {0.91, 0.9, 0.92}, {0.5, 0.4, 0.6}, 2}), RunError);  // once
  const auto looks = store.test_looks();
  ASSERT_EQ(looks.size(), 1u);
  EXPECT_EQ(looks[0].job.rung, 1);
  EXPECT_TRUE(std::isnan(looks[0].auc.value) && std::isnan(looks[0].auc.high));
  EXPECT_EQ(looks[0].variance_explained.value, 0.5);
  EXPECT_EQ(looks[0].variance_explained.low, 0.4);
  EXPECT_EQ(looks[0].variance_explained.high, 0.6);
  EXPECT_EQ(looks[0].rmse_mV, 2);
}

TEST_F(TheStore, AddsUpTheTimeOfItsSessions) {
  { SearchStore(folder_, "this").add_elapsed(2.5); }
  SearchStore store(folder_, "this");
  store.add_elapsed(1);
  EXPECT_DOUBLE_EQ(store.elapsed_s(), 3.5);
}

}  // namespace
}  // namespace nt::search
