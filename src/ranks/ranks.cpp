#include "ranks/ranks.hpp"

#include <atomic>
#include <cstdlib>
#include <utility>

namespace nt::ranks {
namespace {

class OwnDesk : public Desk {
 public:
  explicit OwnDesk(std::function<std::string(int, const std::string&)> answer) : answer_(std::move(answer)) {}
  std::string ask(std::string question) override { return answer_(0, question); }
  void tell(std::string news) override { answer_(0, news); }
  void finish() override {}

 private:
  const std::function<std::string(int, const std::string&)> answer_;
};

/// Numbers over a desk: an empty question asks for the next one, an empty answer says that there is none; any
/// other question tells an amount.
class DeskDealer : public Dealer {
 public:
  DeskDealer(const Ranks& ranks, int64_t count, std::function<void(int64_t)> told)
      : is_first_(ranks.is_first()),
        count_(count),
        told_(std::move(told)),
        desk_(ranks.desk([this](int, const std::string& question) { return answer(question); })) {}
  std::optional<int64_t> next() override {
    if (no_more_) return {};
    const auto number = desk_->ask("");
    no_more_ = number.empty();
    return number.empty() ? std::nullopt : std::optional<int64_t>(std::stoll(number));
  }
  void tell(int64_t amount) override {
    if (!is_first_) desk_->tell(std::to_string(amount));
  }
  void finish() override { desk_->finish(); }

 private:
  std::string answer(const std::string& question) {
    if (question.empty()) {
      const auto number = next_.fetch_add(1);
      return number < count_ ? std::to_string(number) : "";
    }
    if (told_) told_(std::stoll(question));
    return "";
  }

  const bool is_first_;
  const int64_t count_;
  const std::function<void(int64_t)> told_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> no_more_{false};
  const std::unique_ptr<Desk> desk_;  // last: its thread uses all of the above
};

class Alone : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int on_this_host() const override { return 1; }
  void from_first(std::string&) const override {}
  void from_first(std::span<float>) const override {}
  void gather(std::span<const float> own, std::span<const int64_t>, std::span<float> all) const override {
    std::copy(own.begin(), own.end(), all.begin());
  }
  std::vector<std::string> exchange(const std::string& bytes) const override { return {bytes}; }
  std::vector<std::string> to_first(std::string bytes) const override { return {std::move(bytes)}; }
  void sum(std::span<float>) const override {}
  void sum(std::span<double>) const override {}
  bool any(bool here) const override { return here; }
  std::unique_ptr<Desk> desk(std::function<std::string(int, const std::string&)> answer) const override {
    return std::make_unique<OwnDesk>(std::move(answer));
  }
  std::shared_ptr<const Ranks> first(int) const override { return alone(); }
  std::optional<std::vector<int>> leave(int code) const override { return std::vector{code}; }
  void abort(int code) const override { std::_Exit(code); }
};

}  // namespace

std::shared_ptr<const Ranks> alone() {
  static const auto one = std::make_shared<const Alone>();
  return one;
}

std::unique_ptr<Dealer> deal(const Ranks& ranks, int64_t count, std::function<void(int64_t)> told) {
  return std::make_unique<DeskDealer>(ranks, count, std::move(told));
}

bool first_says(const Ranks& ranks, const std::function<bool()>& ask) {
  std::string answer;
  if (ranks.is_first()) answer = ask() ? "yes" : "no";
  ranks.from_first(answer);
  return answer == "yes";
}

Share share_of(int64_t count, int rank, int ranks) {
  const int64_t first = count * rank / ranks;
  return {first, count * (rank + 1) / ranks - first};
}

}  // namespace nt::ranks
