#include "search/store.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <span>

#include "search/detail/stored_text.hpp"

namespace nt::search {
namespace {

constexpr int kPatience_ms = 60000;  // transactions take milliseconds; others may be waiting before us
constexpr int kFormat = 1;           // of the tables below
constexpr int64_t kMostRungs = 10;   // as read_halving has it

/// The tables, each by the text that SQLite keeps of it.
constexpr std::array<std::string_view, 6> kTables{
    "CREATE TABLE about (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE trial (number INTEGER PRIMARY KEY, configuration TEXT NOT NULL)",
    "CREATE TABLE job (trial INTEGER NOT NULL REFERENCES trial, rung INTEGER NOT NULL, "
    "PRIMARY KEY (trial, rung))",
    "CREATE TABLE result (place INTEGER PRIMARY KEY, trial INTEGER NOT NULL, rung INTEGER "
    "NOT NULL, auc REAL, variance_explained REAL, rmse_mV REAL, seconds REAL NOT NULL, failure TEXT NOT "
    "NULL, curve TEXT NOT NULL, UNIQUE (trial, rung), FOREIGN KEY (trial, rung) REFERENCES job)",
    // Who took up a job and when: for whoever wants to know what a search did; nothing reads it here.
    "CREATE TABLE attempt (trial INTEGER NOT NULL, rung INTEGER NOT NULL, process INTEGER "
    "NOT NULL, began TEXT NOT NULL)",
    "CREATE TABLE test_look (trial INTEGER NOT NULL, rung INTEGER NOT NULL, scores TEXT NOT "
    "NULL, looked TEXT NOT NULL, PRIMARY KEY (trial, rung))"};

[[noreturn]] void fail_damaged(const std::filesystem::path& file, const std::string& what) {
  fail_input("{}: is damaged: {}; put it aside and search again", file.string(), what);
}

/// What SQLite's codes mean to a user.
std::string_view words_for(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "cannot be written: No space left on device";
    case SQLITE_IOERR:
      return "cannot be read or written: the disk reports an error, or is full";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "cannot be written: Permission denied";
    case SQLITE_CANTOPEN:
      return "cannot be opened";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process has held it for more than a minute";
    case SQLITE_CONSTRAINT:
      return "has this entry already, or lacks what it belongs to";
    default:
      return "cannot be used";
  }
}

/// One prepared statement: bind, step through the rows, done.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : db_(db) {
    if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) fail();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int64_t value) { return check(sqlite3_bind_int64(statement_, ++bound_, value)); }
  Statement& bind(double value) { return check(sqlite3_bind_double(statement_, ++bound_, value)); }
  Statement& bind(const std::string& value) {
    return check(sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()),
                                   SQLITE_TRANSIENT));
  }
  /// True if there is a (further) row.
  bool row() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
    return code == SQLITE_ROW;
  }
  void run() { row(); }

  /// Values of the column's own type only: SQLite would make a number of any text.
  int64_t integer(int column) const {
    require(column, {SQLITE_INTEGER});
    return sqlite3_column_int64(statement_, column);
  }
  /// A finite number; NaN where there is none.
  double number(int column) const {
    require(column, {SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_NULL});
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nan("");
    const double value = sqlite3_column_double(statement_, column);
    if (!std::isfinite(value)) fail_damaged(file(), "a number that is not finite");
    return value;
  }
  double number_from(int column, double least, double most) const {
    const double value = number(column);
    if (!std::isnan(value) && (value < least || value > most)) {
      fail_damaged(file(), fmt::format("{} is {}, expected from {} to {}",
                                       sqlite3_column_name(statement_, column), value, least, most));
    }
    return value;
  }
  std::string text(int column) const {
    require(column, {SQLITE_TEXT});
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  Statement& check(int code) {
    if (code != SQLITE_OK) fail();
    return *this;
  }
  std::filesystem::path file() const { return sqlite3_db_filename(db_, "main"); }
  void require(int column, std::initializer_list<int> types) const {
    if (std::find(types.begin(), types.end(), sqlite3_column_type(statement_, column)) == types.end())
      fail_damaged(file(), fmt::format("{} is of another type", sqlite3_column_name(statement_, column)));
  }
  [[noreturn]] void fail() const {
    const int code = sqlite3_extended_errcode(db_);
    if (code == SQLITE_NOMEM) throw std::bad_alloc();
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
      fail_damaged(file(), "it is no whole SQLite file");
    fail_run("{}: {} (SQLite code {})", file().string(), words_for(code), code);
  }
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

void execute(sqlite3* db, const char* sql) {
  Statement(db, sql).run();
}

/// Writes from the first, so that what is read in it is true until it ends.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db) { execute(db_, "BEGIN IMMEDIATE"); }
  ~Transaction() {
    if (!committed_) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    execute(db_, "COMMIT");
    committed_ = true;
  }

 private:
  sqlite3* db_;
  bool committed_ = false;
};

}  // namespace

std::string identity_of_search(const std::filesystem::path& run_directory) {
  const auto file = run_directory / "search.sqlite";
  if (!std::filesystem::exists(file)) return "";
  sqlite3* db = nullptr;
  const bool opened = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK;
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(db, sqlite3_close);
  if (!opened) fail_input("{}: cannot be opened: {}", file.string(), sqlite3_errmsg(db));
  sqlite3_busy_timeout(db, kPatience_ms);
  Statement tables(db, "SELECT 1 FROM sqlite_master WHERE name = 'about'");
  if (!tables.row()) return "";
  Statement known(db, "SELECT value FROM about WHERE name = 'identity'");
  return known.row() ? known.text(0) : "";
}

std::filesystem::path put_search_aside(const std::filesystem::path& run_directory) {
  std::filesystem::path aside;
  for (int n = 1; aside.empty() || std::filesystem::exists(aside); ++n)
    aside = run_directory / fmt::format("search-before-{}", n);
  std::filesystem::create_directories(aside);
  // The base itself after its journal: where this is interrupted, the next time finds the base and goes on.
  for (const auto* name :
       {"search.json", "search", "search.sqlite-shm", "search.sqlite-wal", "search.sqlite"}) {
    if (std::filesystem::exists(run_directory / name))
      std::filesystem::rename(run_directory / name, aside / name);
  }
  return aside;
}
namespace {

/// Makes the tables of a new file; InputError if there are others.
void make_or_check_tables(sqlite3* db, const std::filesystem::path& file) {
  std::vector<std::string> there;
  // Indexes that tables have of themselves have no text.
  for (Statement s(db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"); s.row();)
    there.push_back(s.text(0));
  if (there.empty()) {
    for (const auto table : kTables) execute(db, std::string(table).c_str());
    execute(db, fmt::format("PRAGMA user_version = {}", kFormat).c_str());
    return;
  }
  Statement version(db, "PRAGMA user_version");
  version.row();
  if (version.integer(0) != kFormat) {
    fail_input(
        "{}: is no search of this version of neurontwin (its format is {}, expected {}); choose another "
        "--out, or put "
        "it aside to search anew",
        file.string(), version.integer(0), kFormat);
  }
  if (!std::is_permutation(there.begin(), there.end(), kTables.begin(), kTables.end()))
    fail_damaged(file, "it has other tables than a search's");
  // "ok", and no row that names another that there is not.
  Statement check(db, "PRAGMA quick_check(1)");
  if (!check.row() || check.text(0) != "ok") fail_damaged(file, "its pages do not fit each other");
  if (Statement(db, "PRAGMA foreign_key_check").row()) fail_damaged(file, "a result or a job is of no trial");
}

}  // namespace

SearchStore::SearchStore(const std::filesystem::path& run_directory, const std::string& identity)
    : file_(run_directory / "search.sqlite"), folder_(run_directory / "search") {
  std::filesystem::create_directories(folder_);
  if (std::error_code none;
      std::filesystem::exists(file_, none) && !std::filesystem::is_regular_file(file_, none))
    fail_input("{}: is no ordinary file, expected a search's or none", file_.string());
  if (const int code =
          sqlite3_open_v2(file_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
      code != SQLITE_OK) {
    sqlite3_close(db_);
    fail_input("{}: {}", file_.string(), words_for(code));
  }
  try {
    sqlite3_busy_timeout(db_, kPatience_ms);
    // The file may be anybody's: nothing in it is run, and its pages are looked at before they are used.
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    execute(db_, "PRAGMA trusted_schema = OFF");
    execute(db_, "PRAGMA cell_size_check = ON");
    execute(db_, "PRAGMA journal_mode = WAL");
    execute(db_, "PRAGMA foreign_keys = ON");
    execute(db_, "PRAGMA synchronous = FULL");  // a result that is told is on the disk
    Transaction transaction(db_);
    make_or_check_tables(db_, file_);
    Statement known(db_, "SELECT value FROM about WHERE name = 'identity'");
    if (!known.row()) {
      Statement(db_, "INSERT INTO about VALUES ('identity', ?), ('elapsed_s', 0.0)").bind(identity).run();
    } else if (known.text(0) != identity) {
      fail_input(
          "{}: holds a search of other settings ([search], [data], [train], [twin], the cell or its input "
          "have "
          "changed since); choose another --out, or remove it and the folder {} to search anew",
          file_.string(), folder_.string());
    }
    transaction.commit();
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

SearchStore::~SearchStore() {
  sqlite3_close(db_);
}

Knowledge SearchStore::knowledge() const {
  return read(true);
}
Knowledge SearchStore::knowledge_without_curves() const {
  return read(false);
}

namespace {

StoredTrial stored_trial(const std::string& text, int64_t number, std::span<const StoredTrial> before,
                         const std::filesystem::path& file) {
  try {
    auto c = configuration_from(text, file);
    if (c.is_again() && (c.again_of >= number || before[c.again_of].configuration.is_again()))
      fail_input("it is another training of trial {}", c.again_of);
    return {std::move(c)};
  } catch (const InputError& error) {
    fail_damaged(file, fmt::format("trial {} cannot be ({})", number, error.what()));
  }
}

/// A trial's number that may be newer than the trials that were read.
size_t trial_number(int64_t number, const std::filesystem::path& file) {
  if (number < 0) fail_damaged(file, fmt::format("it names trial {}", number));
  return static_cast<size_t>(number);
}

int64_t rung_number(int64_t rung, const std::filesystem::path& file) {
  if (rung < 0 || rung >= kMostRungs) fail_damaged(file, fmt::format("it names rung {}", rung));
  return rung;
}

}  // namespace

Knowledge SearchStore::read(bool curves) const {
  Knowledge k;
  // One statement each would do within a transaction; apart, a job may be newer than the trials: left out.
  for (Statement s(db_, "SELECT number, configuration FROM trial ORDER BY number"); s.row();) {
    const auto number = static_cast<int64_t>(k.trials.size());
    if (s.integer(0) != number) fail_damaged(file_, fmt::format("trial {} is not there", number));
    k.trials.push_back(stored_trial(s.text(1), number, k.trials, file_));
  }
  for (Statement s(db_, "SELECT trial, count(*), min(rung), max(rung) FROM job GROUP BY trial"); s.row();) {
    const auto trial = trial_number(s.integer(0), file_);
    if (trial >= k.trials.size()) continue;
    k.trials[trial].begun = s.integer(1);
    if (s.integer(2) != 0 || rung_number(s.integer(3), file_) != s.integer(1) - 1)
      fail_damaged(file_, fmt::format("trial {} began rungs out of order", trial));
  }
  Statement s(db_, curves
                       ? "SELECT trial, rung, auc, variance_explained, rmse_mV, seconds, failure, curve FROM "
                         "result ORDER BY place"
                       : "SELECT trial, rung, auc, variance_explained, rmse_mV, seconds, failure FROM result "
                         "ORDER BY place");
  constexpr double kMost = std::numeric_limits<double>::max();
  while (s.row()) {
    if (trial_number(s.integer(0), file_) >= k.trials.size()) continue;
    auto curve = curves ? curve_from(s.text(7), file_) : LearningCurve();
    if (!curve) fail_damaged(file_, fmt::format("the curve of trial {} is none", s.integer(0)));
    if (s.is_null(5)) fail_damaged(file_, "a result took no time");
    k.finished.push_back({{s.integer(0), rung_number(s.integer(1), file_)},
                          {s.number_from(2, 0, 1), s.number_from(3, -kMost, 1), s.number_from(4, 0, kMost),
                           s.number_from(5, 0, kMost), s.text(6), std::move(*curve)}});
  }
  return k;
}

std::optional<ClaimedJob> SearchStore::claim(const Chooser& choose) {
  Transaction transaction(db_);
  const auto take = [&](const Job& job, Configuration configuration,
                        std::unique_ptr<files::FolderLock> lock) {
    Statement(db_, "INSERT INTO attempt VALUES (?, ?, ?, datetime('now'))")
        .bind(job.trial)
        .bind(job.rung)
        .bind(static_cast<int64_t>(::getpid()))
        .run();
    transaction.commit();
    return ClaimedJob{job, std::move(configuration), trial_folder(job.trial), std::move(lock)};
  };
  const auto knowledge = read(false);
  {
    std::vector<Job> open;
    for (Statement s(
             db_,
             "SELECT job.trial, job.rung FROM job LEFT JOIN result USING (trial, rung) WHERE place IS "
             "NULL ORDER BY job.rung DESC, job.trial");
         s.row();)
      open.push_back({s.integer(0), s.integer(1)});
    for (const auto& job : open) {
      if (trial_number(job.trial, file_) >= knowledge.trials.size())
        fail_damaged(file_, fmt::format("it has a job of trial {}, but {} trials", job.trial,
                                        knowledge.trials.size()));
      rung_number(job.rung, file_);
      std::filesystem::create_directories(trial_folder(job.trial));
      if (auto lock = files::FolderLock::if_free(trial_folder(job.trial)))
        return take(job, knowledge.trials[job.trial].configuration, std::move(lock));
    }
  }
  const auto choice = choose(knowledge);
  if (!choice) return std::nullopt;
  const auto& job = choice->job;
  std::filesystem::create_directories(trial_folder(job.trial));
  auto lock = files::FolderLock::if_free(trial_folder(job.trial));
  // Its last worker has told the result and not yet let go.
  if (!lock) return std::nullopt;
  if (choice->fresh) {
    Statement(db_, "INSERT INTO trial VALUES (?, ?)").bind(job.trial).bind(text_of(*choice->fresh)).run();
  }
  Statement(db_, "INSERT INTO job VALUES (?, ?)").bind(job.trial).bind(job.rung).run();
  return take(job, choice->fresh ? *choice->fresh : knowledge.trials[job.trial].configuration,
              std::move(lock));
}

void SearchStore::finish(const Job& job, const RungResult& result) {
  Transaction transaction(db_);
  Statement(
      db_,
      "INSERT INTO result (trial, rung, auc, variance_explained, rmse_mV, seconds, failure, curve) VALUES "
      "(?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(job.trial)
      .bind(job.rung)
      .bind(result.auc)  // SQLite keeps NaN as NULL
      .bind(result.variance_explained)
      .bind(result.rmse_mV)
      .bind(result.seconds)
      .bind(result.failure)
      .bind(text_of(result.curve))
      .run();
  transaction.commit();
}

int64_t SearchStore::unfinished() const {
  Statement s(db_, "SELECT count(*) FROM job LEFT JOIN result USING (trial, rung) WHERE place IS NULL");
  s.row();
  return s.integer(0);
}

double SearchStore::elapsed_s() const {
  Statement s(db_, "SELECT value FROM about WHERE name = 'elapsed_s'");
  const double seconds = s.row() ? s.number_from(0, 0, std::numeric_limits<double>::max()) : std::nan("");
  if (std::isnan(seconds)) fail_damaged(file_, "it does not say how long the search took");
  return seconds;
}

void SearchStore::add_elapsed(double seconds) {
  Statement(db_, "UPDATE about SET value = value + ? WHERE name = 'elapsed_s'").bind(seconds).run();
}

std::vector<TestLook> SearchStore::test_looks() const {
  std::vector<TestLook> looks;
  Statement last(db_, "SELECT count(*) FROM trial");
  last.row();
  for (Statement s(db_, "SELECT trial, rung, scores FROM test_look ORDER BY rowid"); s.row();) {
    const Job job{s.integer(0), rung_number(s.integer(1), file_)};
    const auto look = test_look_from(job, s.text(2), file_);
    if (trial_number(job.trial, file_) >= static_cast<size_t>(last.integer(0)) || !look)
      fail_damaged(file_, fmt::format("it has test scores of trial {}, which cannot be", job.trial));
    looks.push_back(*look);
  }
  return looks;
}

void SearchStore::keep(const TestLook& look) {
  Statement(db_, "INSERT INTO test_look VALUES (?, ?, ?, datetime('now'))")
      .bind(look.job.trial)
      .bind(look.job.rung)
      .bind(text_of_scores(look))
      .run();
}

std::filesystem::path SearchStore::trial_folder(int64_t trial) const {
  return folder_ / fmt::format("trial-{:04}", trial);
}

}  // namespace nt::search
