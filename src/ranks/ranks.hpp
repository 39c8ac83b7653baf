#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nt::ranks {

/// Rank 0 answers what the ranks ask.
class Desk {
 public:
  virtual ~Desk() = default;
  /// The answer, which a rank waits for asleep. Any thread may ask.
  virtual std::string ask(std::string question) = 0;
  /// The same where no answer is waited for.
  virtual void tell(std::string news) = 0;
  /// Once on each rank, when it has no more to ask: sleeps until no rank has.
  virtual void finish() = 0;
};

/// Deals out the numbers 0 .. count - 1, each to one rank, as they are asked for. Any thread may ask.
class Dealer {
 public:
  virtual ~Dealer() = default;
  /// The next number; nothing once all are dealt out, to whichever rank.
  virtual std::optional<int64_t> next() = 0;
  /// Tells rank 0 that so much more is done.
  virtual void tell(int64_t amount) = 0;
  /// Once on each rank, when it has done what it was dealt: sleeps until all ranks have.
  virtual void finish() = 0;
};

/// The processes that work on one command together, as a launcher (mpirun, srun) started them, each on its
/// own memory; rank 0 speaks for all. Calls for all ranks have to be made by all of them in the same order,
/// on one thread of each at a time. Where another rank ends without a word, the launcher ends this one.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;  // of this process, counted from 0
  virtual int size() const = 0;
  virtual int on_this_host() const = 0;  // how many of them
  bool is_first() const { return rank() == 0; }

  // For all ranks.
  /// The bytes of rank 0, in the place of those of the others, which sleep until they come.
  virtual void from_first(std::string& bytes) const = 0;
  /// The floats of rank 0, in the place of those of the others.
  virtual void from_first(std::span<float> numbers) const = 0;
  /// Those of all ranks one after the other: counts[rank] of each.
  virtual void gather(std::span<const float> own, std::span<const int64_t> counts,
                      std::span<float> all) const = 0;
  /// The bytes of each rank, on all of them. Soon: they wait awake.
  virtual std::vector<std::string> exchange(const std::string& bytes) const = 0;
  /// The bytes of each rank on rank 0; nothing on the others.
  virtual std::vector<std::string> to_first(std::string bytes) const = 0;
  /// In the place of the numbers their sum over ranks, added up in double in the order of the ranks: the same
  /// bits on all of them, and in every run with so many of them.
  virtual void sum(std::span<float> numbers) const = 0;
  virtual void sum(std::span<double> numbers) const = 0;
  /// Whether it is so on any rank.
  virtual bool any(bool here) const = 0;
  /// `answer` is called on rank 0, by whichever thread asks there, and by one of its own for other ranks.
  virtual std::unique_ptr<Desk> desk(
      std::function<std::string(int rank, const std::string& question)> answer) const = 0;

  /// The first `count` of them, for what more could not share; null on the others.
  virtual std::shared_ptr<const Ranks> first(int count) const = 0;

  /// At the end of the program: what each rank's exit code is. A rank that failed waits a second for the
  /// others, and gets nothing if one of them is still at work; any other waits for all, asleep. No call may
  /// follow but abort() after nothing.
  virtual std::optional<std::vector<int>> leave(int code) const = 0;
  /// Ends all ranks at once.
  [[noreturn]] virtual void abort(int code) const = 0;
};

/// A process on its own.
std::shared_ptr<const Ranks> alone();
/// All that the launcher started with this one; alone if none did. Once in a process; its children are no
/// ranks. RunError where a launcher started several, and this program or its MPI cannot work so.
std::shared_ptr<const Ranks> joined();

/// For all ranks. `told`: what is called on rank 0, from another thread, for every Dealer::tell() of other
/// ranks.
std::unique_ptr<Dealer> deal(const Ranks& ranks, int64_t count, std::function<void(int64_t amount)> told);

/// What `ask` says on rank 0, on all ranks.
bool first_says(const Ranks& ranks, const std::function<bool()>& ask);

/// A rank's share of `count` things that are dealt out evenly, in order: from its first to the next one's.
struct Share {
  int64_t first = 0, count = 0;
};
Share share_of(int64_t count, int rank, int ranks);

}  // namespace nt::ranks
