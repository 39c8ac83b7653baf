#include "search/store.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cmath>

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPatience_ms = 60000;  // transactions take milliseconds; others may be waiting before us

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

  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double number(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL ? std::nan("")
                                                                  : sqlite3_column_double(statement_, column);
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr
               ? ""
               : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  Statement& check(int code) {
    if (code != SQLITE_OK) fail();
    return *this;
  }
  [[noreturn]] void fail() const {
    const auto* file = sqlite3_db_filename(db_, "main");
    const int code = sqlite3_errcode(db_);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
      fail_input("{}: is damaged ({}); put it aside and search again", file, sqlite3_errmsg(db_));
    fail_run("{}: {}", file, sqlite3_errmsg(db_));
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

SearchStore::SearchStore(const std::filesystem::path& run_directory, const std::string& identity)
    : file_(run_directory / "search.sqlite"), folder_(run_directory / "search") {
  std::filesystem::create_directories(folder_);
  if (sqlite3_open_v2(file_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) !=
      SQLITE_OK) {
    const std::string why = sqlite3_errmsg(db_);
    sqlite3_close(db_);
    fail_input("{}: cannot be opened: {}", file_.string(), why);
  }
  try {
    sqlite3_busy_timeout(db_, kPatience_ms);
    execute(db_, "PRAGMA journal_mode = WAL");
    execute(db_, "PRAGMA foreign_keys = ON");
    execute(db_, "PRAGMA synchronous = FULL");  // a result that is told is on the disk
    Transaction transaction(db_);
    for (
        const auto* sql :
        {"CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value)",
         "CREATE TABLE IF NOT EXISTS trial (number INTEGER PRIMARY KEY, configuration TEXT NOT NULL)",
         "CREATE TABLE IF NOT EXISTS job (trial INTEGER NOT NULL REFERENCES trial, rung INTEGER NOT NULL, "
         "PRIMARY KEY (trial, rung))",
         "CREATE TABLE IF NOT EXISTS result (place INTEGER PRIMARY KEY, trial INTEGER NOT NULL, rung INTEGER "
         "NOT NULL, auc REAL, variance_explained REAL, rmse_mV REAL, seconds REAL NOT NULL, failure TEXT NOT "
         "NULL, curve TEXT NOT NULL, UNIQUE (trial, rung), FOREIGN KEY (trial, rung) REFERENCES job)",
         // Who took up a job and when: for whoever wants to know what a search did; nothing reads it here.
         "CREATE TABLE IF NOT EXISTS attempt (trial INTEGER NOT NULL, rung INTEGER NOT NULL, process INTEGER "
         "NOT NULL, began TEXT NOT NULL)",
         "CREATE TABLE IF NOT EXISTS test_look (trial INTEGER NOT NULL, rung INTEGER NOT NULL, scores TEXT "
         "NOT "
         "NULL, looked TEXT NOT NULL, PRIMARY KEY (trial, rung))"}) {
      execute(db_, sql);
    }
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

Knowledge SearchStore::read(bool curves) const {
  Knowledge k;
  // One statement each would do within a transaction; apart, a job may be newer than the trials: left out.
  for (Statement s(db_, "SELECT configuration FROM trial ORDER BY number"); s.row();)
    k.trials.push_back({configuration_from(Json::parse(s.text(0)))});
  for (Statement s(db_, "SELECT trial, count(*) FROM job GROUP BY trial"); s.row();) {
    const auto trial = static_cast<size_t>(s.integer(0));
    if (trial < k.trials.size()) k.trials[trial].begun = s.integer(1);
  }
  Statement s(db_, curves
                       ? "SELECT trial, rung, auc, variance_explained, rmse_mV, seconds, failure, curve FROM "
                         "result ORDER BY place"
                       : "SELECT trial, rung, auc, variance_explained, rmse_mV, seconds, failure FROM result "
                         "ORDER BY place");
  while (s.row()) {
    if (static_cast<size_t>(s.integer(0)) >= k.trials.size()) continue;
    k.finished.push_back({{s.integer(0), s.integer(1)},
                          {s.number(2), s.number(3), s.number(4), s.number(5), s.text(6),
                           curves ? Json::parse(s.text(7)) : Json()}});
  }
  return k;
}

std::optional<ClaimedJob> SearchStore::claim(const Chooser& choose) {
  Transaction transaction(db_);
  const auto take = [&](const Job& job, Configuration configuration, std::unique_ptr<FolderLock> lock) {
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
      std::filesystem::create_directories(trial_folder(job.trial));
      if (auto lock = FolderLock::if_free(trial_folder(job.trial)))
        return take(job, knowledge.trials[static_cast<size_t>(job.trial)].configuration, std::move(lock));
    }
  }
  const auto choice = choose(knowledge);
  if (!choice) return std::nullopt;
  const auto& job = choice->job;
  std::filesystem::create_directories(trial_folder(job.trial));
  auto lock = FolderLock::if_free(trial_folder(job.trial));
  // Its last worker has told the result and not yet let go.
  if (!lock) return std::nullopt;
  if (choice->fresh) {
    Statement(db_, "INSERT INTO trial VALUES (?, ?)")
        .bind(job.trial)
        .bind(to_json(*choice->fresh).dump())
        .run();
  }
  Statement(db_, "INSERT INTO job VALUES (?, ?)").bind(job.trial).bind(job.rung).run();
  return take(job,
              choice->fresh ? *choice->fresh : knowledge.trials[static_cast<size_t>(job.trial)].configuration,
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
      .bind(result.curve.dump())
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
  s.row();
  return s.number(0);
}

void SearchStore::add_elapsed(double seconds) {
  Statement(db_, "UPDATE about SET value = value + ? WHERE name = 'elapsed_s'").bind(seconds).run();
}

std::vector<TestLook> SearchStore::test_looks() const {
  std::vector<TestLook> looks;
  for (Statement s(db_, "SELECT trial, rung, scores FROM test_look ORDER BY rowid"); s.row();)
    looks.push_back({{s.integer(0), s.integer(1)}, Json::parse(s.text(2))});
  return looks;
}

void SearchStore::keep(const TestLook& look) {
  Statement(db_, "INSERT INTO test_look VALUES (?, ?, ?, datetime('now'))")
      .bind(look.job.trial)
      .bind(look.job.rung)
      .bind(look.scores.dump())
      .run();
}

std::filesystem::path SearchStore::trial_folder(int64_t trial) const {
  return folder_ / fmt::format("trial-{:04}", trial);
}

}  // namespace neurontwin
