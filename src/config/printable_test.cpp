#include "config/printable.hpp"

#include <gtest/gtest.h>

namespace nt::config {
namespace {

TEST(Printable, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[31mred\x1b]0;title\x07"), "a\\x1b[31mred\\x1b]0;title\\x07");
  EXPECT_EQ(printable("a\rb\b\x7f"), "a\\x0db\\x08\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("C1 \xc2\x9b[2J"), "C1 \\x9b[2J");          // as UTF-8
  EXPECT_EQ(printable("C1 \x9b[2J"), "C1 \\x9b[2J");              // as a byte
  EXPECT_EQ(printable("\xe2\x80\xaegpj.exe"), "\\u202egpj.exe");  // right to left
}

TEST(Printable, LeavesTextAsItIs) {
  for (const auto* text :
       {"", "two\nlines\tand a tab", "\xc2\xb5m, \xce\xb1, \xe2\x89\xa4, \xf0\x9f\xa7\xa0", "\\x1b"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsBytesThatAreNoText) {
  // A cut character, one written too long, a surrogate, one beyond Unicode, a lone continuation.
  EXPECT_EQ(printable("\xe2\x89"), "\\xe2\\x89");
  EXPECT_EQ(printable("\xc0\x9b"), "\\xc0\\x9b");
  EXPECT_EQ(printable("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("a\x80z"), "a\\x80z");
}

TEST(Printable, OnOneLineHasNoOther) {
  EXPECT_EQ(printable_line("a\nb\tc"), "a\\x0ab\\x09c");
}

}  // namespace
}  // namespace nt::config
