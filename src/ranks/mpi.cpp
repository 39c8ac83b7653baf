// Compiled to nothing where MPI is not found.
#ifdef NEURONTWIN_MPI
#include "ranks/detail/mpi.hpp"

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
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

// What a message is.
constexpr int kQuestion = 1, kAnswer = 2, kNoMore = 3, kBytes = 4, kNews = 5;

using Answering = std::function<std::string(int rank, const std::string& question)>;

void send_awake(const std::string& bytes, int to, int what, MPI_Comm comm) {
  MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, what, comm);
}

/// Of a message that is there.
std::string received(const MPI_Status& status, MPI_Comm comm) {
  int length = 0;
  MPI_Get_count(&status, MPI_BYTE, &length);
  std::string bytes(static_cast<size_t>(length), '\0');
  MPI_Recv(bytes.data(), length, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, comm, MPI_STATUS_IGNORE);
  return bytes;
}

void wait_for_all_asleep(MPI_Comm comm) {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(comm, &request);
  wait_asleep(request);
}

/// On rank 0: a thread answers the others.
class DeskOfAll : public Desk {
 public:
  DeskOfAll(MPI_Comm comm, Answering answer)
      : comm_(comm), answer_(std::move(answer)), at_work_(size_of(comm) - 1), thread_([this] { serve(); }) {}
  ~DeskOfAll() override {
    given_up_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::string ask(std::string question) override { return answer_(0, question); }
  void tell(std::string news) override { answer_(0, news); }
  void finish() override {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    wait_for_all_asleep(comm_);
  }

 private:
  void serve() try {
    while (at_work_ > 0 && !given_up_) {
      int there = 0;
      MPI_Status status;
      MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &there, &status);
      if (there == 0) {
        std::this_thread::sleep_for(kBetweenLooks);
        continue;
      }
      const auto question = received(status, comm_);
      if (status.MPI_TAG == kNoMore)
        --at_work_;
      else if (status.MPI_TAG == kNews)
        answer_(status.MPI_SOURCE, question);
      else
        send_awake(answer_(status.MPI_SOURCE, question), status.MPI_SOURCE, kAnswer, comm_);
    }
  } catch (...) {
    failure_ = std::current_exception();
  }

  static constexpr std::chrono::microseconds kBetweenLooks{500};  // a look takes a few microseconds
  const MPI_Comm comm_;
  const Answering answer_;
  int at_work_;  // other ranks
  std::atomic<bool> given_up_{false};
  std::exception_ptr failure_;
  std::thread thread_;  // last: it uses all of the above
};

/// On the other ranks.
class DeskAfar : public Desk {
 public:
  explicit DeskAfar(MPI_Comm comm) : comm_(comm) {}
  std::string ask(std::string question) override {
    const std::lock_guard lock(mutex_);
    send_awake(question, 0, kQuestion, comm_);
    constexpr std::chrono::microseconds kShortest{100}, kLongest{20'000};
    for (auto pause = kShortest;; pause = std::min(2 * pause, kLongest)) {
      int there = 0;
      MPI_Status status;
      MPI_Iprobe(0, kAnswer, comm_, &there, &status);
      if (there != 0) return received(status, comm_);
      std::this_thread::sleep_for(pause);
    }
  }
  void tell(std::string news) override {
    const std::lock_guard lock(mutex_);
    send_awake(news, 0, kNews, comm_);
  }
  void finish() override {
    send_awake("", 0, kNoMore, comm_);
    wait_for_all_asleep(comm_);
  }

 private:
  const MPI_Comm comm_;
  std::mutex mutex_;
};

class MpiRanks : public Ranks {
 public:
  explicit MpiRanks(MPI_Comm all)
      : work_(copy_of(all)),
        desk_(copy_of(all)),
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
    in_pieces(bytes, [&](char* at, int count) { broadcast_asleep(at, count); });
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
  std::vector<std::string> exchange(const std::string& bytes) const override {
    const int own = count_of(bytes.size());
    std::vector<int> lengths(size_), first(size_);
    MPI_Allgather(&own, 1, MPI_INT, lengths.data(), 1, MPI_INT, work_);
    uint64_t sum = 0;
    for (int r = 0; r < size_; ++r) {
      first[r] = count_of(sum);
      sum += static_cast<uint64_t>(lengths[r]);
    }
    std::string all(static_cast<size_t>(count_of(sum)), '\0');
    MPI_Allgatherv(bytes.data(), own, MPI_BYTE, all.data(), lengths.data(), first.data(), MPI_BYTE, work_);
    std::vector<std::string> of_ranks;
    for (int r = 0; r < size_; ++r) of_ranks.push_back(all.substr(first[r], lengths[r]));
    return of_ranks;
  }
  std::vector<std::string> to_first(std::string bytes) const override {
    const uint64_t length = bytes.size();
    std::vector<uint64_t> lengths(size_);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Igather(&length, 1, MPI_UINT64_T, lengths.data(), 1, MPI_UINT64_T, 0, work_, &request);
    wait_asleep(request);
    if (rank_ > 0) {
      in_pieces(bytes, [&](char* at, int count) {
        MPI_Isend(at, count, MPI_BYTE, 0, kBytes, work_, &request);
        wait_asleep(request);
      });
      return {};
    }
    std::vector<std::string> all(size_);
    all[0] = std::move(bytes);
    for (int r = 1; r < size_; ++r) {
      all[r].resize(lengths[r]);
      in_pieces(all[r], [&](char* at, int count) {
        MPI_Irecv(at, count, MPI_BYTE, r, kBytes, work_, &request);
        wait_asleep(request);
      });
    }
    return all;
  }
  void sum(std::span<float> numbers) const override { sum_of(numbers, MPI_FLOAT); }
  void sum(std::span<double> numbers) const override { sum_of(numbers, MPI_DOUBLE); }
  bool any(bool here) const override {
    int on_any = here ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &on_any, 1, MPI_INT, MPI_MAX, work_);
    return on_any != 0;
  }
  std::unique_ptr<Desk> desk(Answering answer) const override {
    if (rank_ == 0) return std::make_unique<DeskOfAll>(desk_, std::move(answer));
    return std::make_unique<DeskAfar>(desk_);
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
  /// As many bytes at once as MPI counts.
  static void in_pieces(std::string& bytes, const std::function<void(char* at, int count)>& hand_on) {
    constexpr size_t kMost = size_t{1} << 30;
    for (size_t at = 0; at < bytes.size(); at += kMost)
      hand_on(&bytes[at], static_cast<int>(std::min(kMost, bytes.size() - at)));
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

  const MPI_Comm work_, desk_, leave_;  // one for each purpose, so that their messages cannot meet
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
