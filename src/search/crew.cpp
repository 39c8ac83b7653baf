#include "search/detail/crew.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "config/error.hpp"
#include "progress/watcher.hpp"

namespace nt::search {
namespace {

constexpr int kMostDeathsInVain = 10;

pid_t start(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) fail_run("a worker cannot be started: {}", std::strerror(errno));
  if (child > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() == parent) ::execv("/proc/self/exe", arguments.data());
  ::_exit(127);
}

/// The workers that run. Whatever happens none outlives it.
class Crew {
 public:
  Crew(const std::vector<std::string>& command, int count, std::stop_token stop)
      : command_(command), stop_(std::move(stop)) {
    for (int i = 0; i < count; ++i) running_.push_back(start(command_));
  }
  ~Crew() { dismiss(); }

  bool empty() const { return running_.empty(); }

  /// Takes note of those that ended.
  void look_after(const std::function<int64_t()>& progress) {
    for (size_t i = 0; i < running_.size();) {
      int status = 0;
      const pid_t ended = ::waitpid(running_[i], &status, WNOHANG);
      if (ended == 0) {
        ++i;
        continue;
      }
      if (ended > 0 && WIFSIGNALED(status)) {
        count_death(progress(), WTERMSIG(status));
        running_[i++] = start(command_);
        continue;
      }
      running_.erase(running_.begin() + static_cast<int64_t>(i));
      // Ctrl-C on a terminal stops the workers too, by themselves.
      if ((ended < 0 || WEXITSTATUS(status) != 0) && !stop_.stop_requested())
        fail_run("a worker of the search failed; it says why above");
    }
  }

  void dismiss() {
    for (const auto worker : running_) ::kill(worker, SIGTERM);
    for (const auto worker : running_) {
      while (::waitpid(worker, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    running_.clear();
  }

 private:
  void count_death(int64_t finished, int signal) {
    if (finished > finished_) deaths_in_vain_ = 0;
    finished_ = finished;
    if (++deaths_in_vain_ > kMostDeathsInVain) {
      fail_run(
          "workers of the search are killed again and again ({}), without a job done between; is there "
          "enough memory for so many workers?",
          strsignal(signal));
    }
  }

  std::vector<std::string> command_;
  const std::stop_token stop_;
  std::vector<pid_t> running_;
  int64_t finished_ = 0;
  int deaths_in_vain_ = 0;
};

}  // namespace

void run_crew(const std::vector<std::string>& command, int count, const std::function<bool()>& tick,
              const std::function<int64_t()>& progress, const std::stop_token& stop) {
  Crew crew(command, count, stop);
  while (!crew.empty()) {
    if (tick()) return crew.dismiss();
    crew.look_after(progress);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace nt::search
