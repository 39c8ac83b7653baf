#pragma once
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

/// What all calls of the library share: how they fail, and who waits for long work.
namespace neurontwin {

/// Wrong usage or bad input: the user can mend it. The program ends with exit code 2.
/// The message names the file, line or key, says what is wrong, and what would be right.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The work itself failed (a full disk, a lost file, an interruption). Exit code 1.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where long work stands. `done` and `total` count `unit`s (trials, steps); `note` is one short remark (a
/// loss, say).
struct Progress {
  std::string what;
  double done = 0;
  double total = 0;
  std::string unit;
  std::string note;
  bool even = true;  // whether each unit takes about as long, so that the time left follows from those done
};

/// Whoever waits for long work: is told where it stands and what it found, and may ask it to stop. All of it
/// may be left out.
struct Watcher {
  std::function<void(const Progress&)> progress = {};   // now and then; from one thread at a time
  std::function<void(std::string_view line)> say = {};  // a line of text
  std::stop_token stop = {};  // long work looks at it often, and leaves whole files behind

  void tell(const Progress& where) const {
    if (progress) progress(where);
  }
  void note(std::string_view line) const {
    if (say) say(line);
  }
  bool stop_requested() const { return stop.stop_requested(); }
  /// RunError "stopped while `doing`" where a stop was asked for.
  void stop_here_if_asked(std::string_view doing) const;

  /// The same, but told of progress in another way.
  Watcher with_progress(std::function<void(const Progress&)> other) const {
    return {std::move(other), say, stop};
  }
};

}  // namespace neurontwin
