#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "config/error.hpp"
#include "mechanism/detail/syntax.hpp"

namespace nt::mechanism::nmodl {
namespace {

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::vector<Token> split(std::string_view text, const std::string& path) {
  constexpr std::array<std::string_view, 9> kLong{"<->", "<<", "->", "<=", ">=", "==", "!=", "&&", "||"};
  std::vector<Token> tokens;
  int line = 1;
  size_t i = 0;
  const auto skip_line = [&] {
    while (i < text.size() && text[i] != '\n') ++i;
  };
  // As NEURON has it: the end stands at the start of a line, whose rest is skipped. The text up to that line.
  const auto skip_to = [&](std::string_view word, const char* what) {
    const size_t start = i;
    const int from = line;
    while ((i = text.find('\n', i)) != text.npos) {
      ++line;
      const size_t first = ++i;
      const size_t at = text.find_first_not_of(" \t", first);
      if (at == text.npos || text.substr(at, word.size()) != word) continue;
      i = at + word.size();
      if (i < text.size() && in_name(text[i])) continue;
      skip_line();
      return text.substr(start, first - start);
    }
    fail_input("{}:{}: {} without {} at the start of a line", path, from, what, word);
  };
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      ++i;
    } else if (std::isspace(static_cast<unsigned char>(c)) || c == ';') {
      ++i;
    } else if (c == ':' || c == '?') {
      skip_line();
    } else if (starts_name(c)) {
      const size_t from = i;
      while (i < text.size() && in_name(text[i])) ++i;
      const std::string name(text.substr(from, i - from));
      if (name == "COMMENT") {
        skip_to("ENDCOMMENT", "COMMENT");
      } else if (name == "TITLE") {
        const size_t start = i;
        skip_line();
        tokens.push_back({Token::Kind::name, name, 0, line});
        tokens.push_back({Token::Kind::text, std::string(text.substr(start, i - start)), 0, line});
      } else if (name == "VERBATIM") {
        const int from_line = line;
        const auto code = skip_to("ENDVERBATIM", "VERBATIM");
        tokens.push_back({Token::Kind::name, name, 0, from_line});
        tokens.push_back({Token::Kind::text, std::string(code), 0, from_line});
      } else {
        tokens.push_back({Token::Kind::name, name, 0, line});
      }
    } else if (is_digit(c) || (c == '.' && i + 1 < text.size() && is_digit(text[i + 1]))) {
      Token token{Token::Kind::number, "", 0, line};
      const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), token.number);
      if (error != std::errc()) fail_input("{}:{}: this number is out of range", path, line);
      token.text = std::string(text.data() + i, end);
      i = static_cast<size_t>(end - text.data());
      tokens.push_back(std::move(token));
    } else if (c == '"') {
      const auto end = text.find_first_of("\"\n", i + 1);
      if (end == text.npos || text[end] == '\n') fail_input("{}:{}: this text has no closing \"", path, line);
      tokens.push_back({Token::Kind::text, std::string(text.substr(i + 1, end - i - 1)), 0, line});
      i = end + 1;
    } else {
      std::string symbol(1, c);
      for (const auto& candidate : kLong) {
        if (text.substr(i, candidate.size()) == candidate) {
          symbol = candidate;
          break;
        }
      }
      if (symbol.size() == 1 &&
          std::string_view("+-*/^(){}[],='~<>!@%&.").find(c) == std::string_view::npos) {
        fail_input("{}:{}: unexpected character '{}' (code {})", path, line,
                   std::isprint(static_cast<unsigned char>(c)) ? c : ' ', static_cast<unsigned char>(c));
      }
      i += symbol.size();
      tokens.push_back({Token::Kind::symbol, symbol, 0, line});
    }
  }
  tokens.push_back({Token::Kind::end, "the end of the file", 0, line});
  return tokens;
}

}  // namespace nt::mechanism::nmodl
