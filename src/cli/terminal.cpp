#include "cli/terminal.hpp"

#include <fmt/color.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "config/printable.hpp"

namespace nt::cli {
namespace {

std::atomic<Loudness> how_loud = Loudness::usual;
std::atomic<bool> drawn = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler reads it

constexpr std::string_view kClearLine = "\r\033[K";

void write_out(std::string_view words) {
  std::fwrite(words.data(), 1, words.size(), stderr);
  std::fflush(stderr);
}

std::string styled(std::string_view words, const fmt::text_style& style, int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool plain = ::isatty(descriptor) != 1 || (no_colour != nullptr && *no_colour != '\0');
  return plain ? std::string(words) : fmt::format(style, "{}", words);
}

}  // namespace

void set_loudness(Loudness loudness) {
  how_loud = loudness;
}

Loudness loudness() {
  return how_loud;
}

bool errors_go_to_a_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

size_t terminal_columns() {
  constexpr size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

void draw_bar(std::string_view line) {
  drawn = true;
  write_out(fmt::format("{}{}", kClearLine, config::printable_line(line)));
}

void end_bar() {
  if (drawn.exchange(false)) write_out("\n");
}

void clear_bar() {
  if (drawn.exchange(false)) write_out(kClearLine);
}

bool bar_is_drawn() {
  return drawn;
}

std::string bold(std::string_view words, int descriptor) {
  return styled(words, fmt::emphasis::bold, descriptor);
}

std::string red(std::string_view words, int descriptor) {
  return styled(words, fmt::emphasis::bold | fg(fmt::terminal_color::red), descriptor);
}

std::string green(std::string_view words, int descriptor) {
  return styled(words, fmt::emphasis::bold | fg(fmt::terminal_color::green), descriptor);
}

}  // namespace nt::cli
