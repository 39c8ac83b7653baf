#pragma once
#include <functional>
#include <string>

namespace neurontwin {

/// Where long work stands. `done` and `total` count `unit`s (trials, steps); `note` is one short remark (a
/// loss, say).
struct Progress {
  std::string what;
  double done = 0;
  double total = 0;
  std::string unit;
  std::string note;
};

/// Told by long work now and then; may be called from one thread at a time.
using ProgressListener = std::function<void(const Progress&)>;

/// True once the user asked to stop (Ctrl-C or SIGTERM). Long work looks at it often and leaves whole files
/// behind.
bool stop_requested();
void request_stop();

}  // namespace neurontwin
