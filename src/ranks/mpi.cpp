// Compiled to nothing where MPI is not found.
#ifdef NEURONTWIN_MPI
#include "ranks/detail/mpi.hpp"

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "config/error.hpp"

namespace nt::ranks {
namespace {

using Clock = std::chrono::steady_clock;

/// Waits without keeping a core busy, as MPI's own waiting does. False if `patience` is over.
bool wait_asleep(MPI_Request& request, Clock::duration patience = Clock::duration::max()) {
  constexpr std::chrono::milliseconds kShortest{1}, kLongest{20};
  const auto start = Clock::now();
  for (auto pause = kShortest;; pause = std::min(2 * pause, kLongest)) {
    int done = 0;
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done != 0) return true;
    if (Clock::now() - start > patience) return false;
    std::this_thread::sleep_for(pause);
  }
}

MPI_Comm copy_of(MPI_Comm comm) {
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(comm, &copy);
  return copy;
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

int size_of(MPI_Comm comm) {
  int size = 1;
  MPI_Comm_size(comm, &size);
  return size;
}

/// Of the messages between ranks and the one that deals out.
enum class Wish : int64_t { next, tell, finish };
struct Message {
  Wish wish;
  int64_t amount;
};
constexpr int kAsk = 1, kAnswer = 2;
constexpr int64_t kNoMore = -1;

/// On rank 0: a thread answers the others.
class DealerOfAll : public Dealer {
 public:
  DealerOfAll(MPI_Comm comm, int64_t count, std::function<void(int64_t)> told)
      : comm_(comm), count_(count), told_(std::move(told)), at_work_(size_of(comm) - 1), thread_([this] {
          serve();
        }) {}
  ~DealerOfAll() override {
    given_up_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::optional<int64_t> next() override {
    const auto number = next_.fetch_add(1);
    return number < count_ ? std::optional(number) : std::nullopt;
  }
  void tell(int64_t) override {}
  void finish() override {
    thread_.join();
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(comm_, &request);
    wait_asleep(request);
  }

 private:
  void serve() {
    while (at_work_ > 0 && !given_up_) {
      int there = 0;
      MPI_Status status;
      MPI_Iprobe(MPI_ANY_SOURCE, kAsk, comm_, &there, &status);
      if (there == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      Message message{};
      MPI_Recv(&message, sizeof message, MPI_BYTE, status.MPI_SOURCE, kAsk, comm_, MPI_STATUS_IGNORE);
      if (message.wish == Wish::finish) --at_work_;
      if (message.wish == Wish::tell && told_) told_(message.amount);
      if (message.wish != Wish::next) continue;
      const int64_t answer = next().value_or(kNoMore);
      MPI_Send(&answer, 1, MPI_INT64_T, status.MPI_SOURCE, kAnswer, comm_);
    }
  }

  const MPI_Comm comm_;
  const int64_t count_;
  const std::function<void(int64_t)> told_;
  int at_work_;  // other ranks
  std::atomic<int64_t> next_{0};
  std::atomic<bool> given_up_{false};
  std::thread thread_;  // last: it uses all of the above
};

/// On the other ranks.
class DealerAfar : public Dealer {
 public:
  explicit DealerAfar(MPI_Comm comm) : comm_(comm) {}
  std::optional<int64_t> next() override {
    const std::lock_guard lock(mutex_);
    if (no_more_) return {};
    send({Wish::next, 0});
    int64_t answer = kNoMore;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Irecv(&answer, 1, MPI_INT64_T, 0, kAnswer, comm_, &request);
    wait_asleep(request);
    no_more_ = answer == kNoMore;
    return no_more_ ? std::nullopt : std::optional(answer);
  }
  void tell(int64_t amount) override {
    const std::lock_guard lock(mutex_);
    send({Wish::tell, amount});
  }
  void finish() override {
    send({Wish::finish, 0});
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(comm_, &request);
    wait_asleep(request);
  }

 private:
  void send(const Message& message) { MPI_Send(&message, sizeof message, MPI_BYTE, 0, kAsk, comm_); }

  const MPI_Comm comm_;
  std::mutex mutex_;
  bool no_more_ = false;
};

class MpiRanks : public Ranks {
 public:
  explicit MpiRanks(MPI_Comm all)
      : work_(copy_of(all)),
        deal_(copy_of(all)),
        leave_(copy_of(all)),
        rank_(rank_in(work_)),
        size_(size_of(work_)) {
    MPI_Comm host = MPI_COMM_NULL;
    MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
    on_this_host_ = size_of(host);
    MPI_Comm_free(&host);
  }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int on_this_host() const override { return on_this_host_; }

  void from_first(std::string& bytes) const override {
    uint64_t length = bytes.size();
    broadcast_asleep(&length, sizeof length);
    bytes.resize(length);
    constexpr uint64_t kMost = uint64_t{1} << 30;
    for (uint64_t at = 0; at < length; at += kMost)
      broadcast_asleep(&bytes[at], static_cast<int>(std::min(kMost, length - at)));
  }
  void from_first(std::span<float> numbers) const override {
    MPI_Bcast(numbers.data(), count_of(numbers.size()), MPI_FLOAT, 0, work_);
  }
  void gather(std::span<const float> own, std::span<const int64_t> counts,
              std::span<float> all) const override {
    std::vector<int> count, first;
    int64_t sum = 0;
    for (const auto c : counts) {
      first.push_back(count_of(sum));
      count.push_back(count_of(c));
      sum += c;
    }
    MPI_Allgatherv(own.data(), count[rank_], MPI_FLOAT, all.data(), count.data(), first.data(), MPI_FLOAT,
                   work_);
  }
  void sum(std::span<float> numbers) const override { sum_of(numbers, MPI_FLOAT); }
  void sum(std::span<double> numbers) const override { sum_of(numbers, MPI_DOUBLE); }
  bool any(bool here) const override {
    int on_any = here ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &on_any, 1, MPI_INT, MPI_MAX, work_);
    return on_any != 0;
  }
  std::unique_ptr<Dealer> deal(int64_t count, std::function<void(int64_t)> told) const override {
    if (rank_ == 0) return std::make_unique<DealerOfAll>(deal_, count, std::move(told));
    return std::make_unique<DealerAfar>(deal_);
  }

  std::shared_ptr<const Ranks> first(int count) const override {
    const bool one_of_them = rank_ < count;
    MPI_Comm some = MPI_COMM_NULL;
    MPI_Comm_split(work_, one_of_them ? 0 : MPI_UNDEFINED, rank_, &some);
    return one_of_them ? std::make_shared<const MpiRanks>(some) : nullptr;
  }

  std::optional<std::vector<int>> leave(int code) const override {
    constexpr std::chrono::seconds kPatience{1};
    // Kept for good where the others do not come: MPI may write into it until the process ends.
    static std::vector<int> codes;
    static int own;
    own = code;
    codes.assign(size_, 0);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgather(&own, 1, MPI_INT, codes.data(), 1, MPI_INT, leave_, &request);
    if (!wait_asleep(request, code == 0 ? Clock::duration::max() : Clock::duration(kPatience))) return {};
    MPI_Finalize();
    return codes;
  }
  void abort(int code) const override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::_Exit(code);
  }

 private:
  static int count_of(uint64_t count) {
    if (count > INT32_MAX) fail_run("{} numbers are too many to be handed on between ranks", count);
    return static_cast<int>(count);
  }
  void broadcast_asleep(void* bytes, int count) const {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibcast(bytes, count, MPI_BYTE, 0, work_, &request);
    wait_asleep(request);
  }

  /// Each rank adds up its share of the numbers, and hands on the sum: twice the numbers' bytes over the
  /// wire, however many ranks there are.
  template <class T>
  void sum_of(std::span<T> numbers, MPI_Datatype type) const {
    std::vector<int> count, first, from(size_), own(size_);
    for (int r = 0; r < size_; ++r) {
      const auto share = share_of(std::ssize(numbers), r, size_);
      first.push_back(count_of(share.first));
      count.push_back(count_of(share.count));
    }
    const int mine = count[rank_];
    std::vector<T> of_ranks(static_cast<size_t>(mine) * size_), sums(mine);
    for (int r = 0; r < size_; ++r) {
      from[r] = count_of(static_cast<uint64_t>(mine) * r);
      own[r] = mine;
    }
    MPI_Alltoallv(numbers.data(), count.data(), first.data(), type, of_ranks.data(), own.data(), from.data(),
                  type, work_);
    for (int i = 0; i < mine; ++i) {
      double sum = 0;
      for (int r = 0; r < size_; ++r) sum += static_cast<double>(of_ranks[static_cast<size_t>(r) * mine + i]);
      sums[i] = static_cast<T>(sum);
    }
    MPI_Allgatherv(sums.data(), mine, type, numbers.data(), count.data(), first.data(), type, work_);
  }

  const MPI_Comm work_, deal_, leave_;  // one for each purpose, so that their messages cannot meet
  const int rank_, size_;
  int on_this_host_ = 1;
};

}  // namespace

std::shared_ptr<const Ranks> joined_by_mpi() {
  // Open MPI's waiting gives its core away to who needs it: ranks may be more than cores, or not alone on
  // them.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  if (provided < MPI_THREAD_MULTIPLE)
    fail_run(
        "this MPI cannot be used from several threads at once (MPI_THREAD_MULTIPLE), which neurontwin does");
  return std::make_shared<const MpiRanks>(MPI_COMM_WORLD);
}

}  // namespace nt::ranks
#endif
