#pragma once
#include <pybind11/pybind11.h>

#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "neurontwin/error.hpp"

namespace nt::python {

namespace py = pybind11;

/// What the work last told of itself.
class LastProgress {
 public:
  void tell(const neurontwin::Progress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
  }
  std::optional<neurontwin::Progress> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(progress_, {});
  }

 private:
  std::mutex mutex_;
  std::optional<neurontwin::Progress> progress_;
};

/// Does long work, work(watcher), in a thread of its own, without the interpreter's lock. Meanwhile Ctrl-C
/// stops it, and `progress`, unless it is None, is called now and then as progress(what, done, total, unit,
/// note).
template <class Work>
auto interruptible(const py::object& progress, Work&& work) {
  using Result = decltype(work(std::declval<const neurontwin::Watcher&>()));
  std::stop_source stop;
  LastProgress last;
  const neurontwin::Watcher watcher{
      [&](const neurontwin::Progress& p) { last.tell(p); }, {}, stop.get_token()};
  std::packaged_task<Result()> task([&] { return work(watcher); });
  auto result = task.get_future();
  std::jthread thread(std::move(task));
  const auto wait = [&] {
    const py::gil_scoped_release released;
    return result.wait_for(std::chrono::milliseconds(50)) == std::future_status::ready;
  };
  // Leaves no thread behind that uses what is on this stack.
  const auto stop_and_throw = [&] {
    stop.request_stop();
    while (!wait()) {
    }
    throw py::error_already_set();
  };
  while (!wait()) {
    if (PyErr_CheckSignals() != 0) stop_and_throw();
    const auto told = progress.is_none() ? std::nullopt : last.take();
    if (!told) continue;
    try {
      progress(told->what, told->done, told->total, told->unit, told->note);
    } catch (py::error_already_set& error) {
      error.restore();
      stop_and_throw();
    }
  }
  return result.get();
}

}  // namespace nt::python
