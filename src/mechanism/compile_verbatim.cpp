#include <algorithm>
#include <cctype>
#include <regex>

#include "mechanism/detail/compiler.hpp"

// What VERBATIM blocks hold in published files is mostly nothing: "return 0;" at a procedure's end, comments,
// #include. A few say what NMODL says as well. All else is C, which is refused where it is reached: C code in
// procedures that nothing calls here (setRNG, a constructor) is nobody's business.
namespace nt::mechanism {
namespace {

/// C without its comments and its #include lines.
std::string without_comments(const std::string& code) {
  std::string text;
  for (size_t i = 0; i < code.size();) {
    if (code.compare(i, 2, "/*") == 0) {
      const auto end = code.find("*/", i + 2);
      i = end == code.npos ? code.size() : end + 2;
      text += ' ';
    } else if (code.compare(i, 2, "//") == 0) {
      i = std::min(code.find('\n', i), code.size());
    } else {
      text += code[i++];
    }
  }
  static const std::regex include("(^|\n)[ \t]*#[ \t]*include[^\n]*");
  return std::regex_replace(text, include, "\n");
}

std::string trimmed(const std::string& text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  const auto from = std::find_if_not(text.begin(), text.end(), is_space);
  const auto to = std::find_if_not(text.rbegin(), text.rend(), is_space).base();
  return from < to ? std::string(from, to) : "";
}

const std::regex kReturn("return(\\s*\\(?\\s*0?(\\.0*)?\\s*\\)?)?");

}  // namespace

bool Compiler::ends_with_return(const std::vector<Statement>& statements) {
  if (statements.empty() || statements.back().kind != Statement::Kind::verbatim) return false;
  auto code = trimmed(without_comments(statements.back().name));
  while (!code.empty() && (code.back() == ';' || std::isspace(static_cast<unsigned char>(code.back()))))
    code.pop_back();
  return std::regex_match(code, kReturn);
}

void Compiler::verbatim(const Statement& s) {
  const auto code = without_comments(s.name);
  if (code.find_first_of("{}#\"") != code.npos) return c_statement(trimmed(code), s.line);
  for (size_t from = 0; from < code.size();) {
    const auto end = std::min(code.find(';', from), code.size());
    if (const auto text = trimmed(code.substr(from, end - from)); !text.empty()) c_statement(text, s.line);
    from = end + 1;
  }
}

void Compiler::c_statement(const std::string& text, int line) {
  static const std::regex ion_value("(\\w+)\\s*=\\s*_ion_(\\w+)"),
      declaration("extern\\b.*|static\\s+const\\s+char\\b.*");
  std::smatch found;
  if (std::regex_match(text, kReturn)) return return_from(line);
  if (std::regex_match(text, declaration)) return;
  if (std::regex_match(text, found, ion_value) && ion_variable(found[2])) {
    const Expr own = fixed_.contains(found[2]) ? fixed_.at(found[2]) : varying_.at(found[2]);
    return assign(found[1], line, own);  // cai = _ion_cai: what the ion has, in place of what INITIAL set
  }
  if (text.find("vector_") != text.npos)
    refuse(line,
           "VERBATIM plays a Vector of NEURON's interpreter, which cannot be compiled here; spikes that are "
           "known "
           "come as input: of the kind \"recorded\" (docs/stimulus.md), or replayed (docs/files.md)");
  constexpr size_t kShown = 40;
  auto shown = text.substr(0, text.find('\n'));
  if (shown.size() > kShown) shown = shown.substr(0, kShown) + "...";
  refuse(line, fmt::format("VERBATIM holds C code ('{}'), which cannot be compiled here; express it in NMODL",
                           shown));
}

void Compiler::return_from(int line) {
  if (locals_.size() == 1 && block_ == "BREAKPOINT")
    refuse(line, "return in BREAKPOINT: NEURON takes no current then; leave it out, or set the current to 0");
  left_ = Left::yes;
}

}  // namespace nt::mechanism
