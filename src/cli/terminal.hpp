#pragma once
#include <string>
#include <string_view>

namespace nt::cli {

/// How much is said on standard error beside errors: nothing, the usual, or every step of the progress in
/// lines that stay.
enum class Loudness { quiet, usual, verbose };
void set_loudness(Loudness loudness);
Loudness loudness();

/// Whether standard error is a terminal, and its width in characters (80 where it is not known).
bool errors_go_to_a_terminal();
size_t terminal_columns();

/// Draws what is drawn over again: the last line of the terminal.
void draw_bar(std::string_view line);
/// Ends that line, so that it stays. Nothing where there is none.
void end_bar();
/// Takes that line away, for what is written next. Nothing where there is none.
void clear_bar();
/// Whether a line is drawn. May be asked in a signal handler.
bool bar_is_drawn();

/// Words in bold or in red where `descriptor` is a terminal and NO_COLOR (no-color.org) is not set.
std::string bold(std::string_view words, int descriptor);
std::string red(std::string_view words, int descriptor);
std::string green(std::string_view words, int descriptor);

}  // namespace nt::cli
