#include "mechanism/detail/syntax.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "config/error.hpp"

namespace nt::mechanism::nmodl {
namespace {

/// Tokens with a blank between them, and their lines.
std::string words(std::string_view text) {
  std::vector<std::string> all;
  for (const auto& token : split(text, "x.mod")) all.push_back(fmt::format("{}@{}", token.text, token.line));
  all.pop_back();  // the end
  return fmt::format("{}", fmt::join(all, " "));
}

/// An expression with every operation in parentheses.
std::string shape(const Term& t) {
  if (t.kind == Term::Kind::binary) return "(" + shape(t.parts[0]) + t.text + shape(t.parts[1]) + ")";
  if (t.kind == Term::Kind::negate || t.kind == Term::Kind::nay)
    return "(" + t.text + shape(t.parts[0]) + ")";
  if (t.kind != Term::Kind::call) return t.text;
  std::vector<std::string> arguments;
  for (const auto& part : t.parts) arguments.push_back(shape(part));
  return fmt::format("{}({})", t.text, fmt::join(arguments, ","));
}

File file_with(const std::string& blocks) {
  return parse("NEURON { SUFFIX x }\n" + blocks, "x.mod");
}

std::string expression(const std::string& text) {
  return shape(file_with("BREAKPOINT { y = " + text + " }").block("BREAKPOINT")->body.at(0).terms.at(0));
}

std::string refusal(const std::string& blocks) {
  try {
    file_with(blocks);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Lexer, KnowsNamesNumbersAndSymbolsWithTheirLines) {
  EXPECT_EQ(words("m' = (m_inf-m)/1.5e-3"), "m@1 '@1 =@1 (@1 m_inf@1 -@1 m@1 )@1 /@1 1.5e-3@1");
  EXPECT_EQ(words("a <= b\n&& !c\n~ A <-> B"), "a@1 <=@1 b@1 &&@2 !@2 c@2 ~@3 A@3 <->@3 B@3");
  EXPECT_EQ(words(".5 5. 2E3"), ".5@1 5.@1 2E3@1");
}

TEST(Lexer, ReadsPastComments) {
  EXPECT_EQ(words("a : one\nb ? two\nCOMMENT\n all of this\nENDCOMMENT\nc"), "a@1 b@2 c@6");
  EXPECT_EQ(words("TITLE any; thing : here\nb"), "TITLE@1  any; thing : here@1 b@2");
}

TEST(Lexer, ErrorsNameFileAndLine) {
  const auto refused = [](std::string_view text) {
    try {
      split(text, "x.mod");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused("a\nCOMMENT b"), "x.mod:2: COMMENT without ENDCOMMENT at the start of a line");
  EXPECT_EQ(refused("a\n\nVERBATIM"), "x.mod:3: VERBATIM without ENDVERBATIM at the start of a line");
  EXPECT_EQ(refused("a\n1e999"), "x.mod:2: this number is out of range");
  EXPECT_EQ(refused("\"a\nb\""), "x.mod:1: this text has no closing \"");
  EXPECT_EQ(refused("a = $"), "x.mod:1: unexpected character '$' (code 36)");
  EXPECT_EQ(refused("\xff"), "x.mod:1: unexpected character ' ' (code 255)");
}

TEST(Lexer, ACommentEndsWithTheLineThatBeginsWithItsEnd) {
  // What NEURON 8.2.2 accepts and reads: the end in the middle of a line ends nothing, and its own line is
  // skipped.
  const auto words = [](std::string_view text) {
    std::string all;
    for (const auto& token : split(text, "x.mod")) all += token.text + " ";
    return all;
  };
  EXPECT_EQ(words("a COMMENT b ENDCOMMENT c\nxENDCOMMENT d\nENDCOMMENTS\n\t ENDCOMMENT: e }\nf"),
            "a f the end of the file ");
  EXPECT_EQ(words("VERBATIM b\n c ENDVERBATIM\nENDVERBATIM }\nf"),
            "VERBATIM  b\n c ENDVERBATIM\n f the end of the file ");
  EXPECT_EQ(split("a\nCOMMENT\nENDCOMMENT x\nf", "x.mod")[1].line, 4);
}

TEST(Parser, PrecedenceIsThatOfArithmetic) {
  EXPECT_EQ(expression("1 + 2*3 - 4/5"), "((1+(2*3))-(4/5))");
  EXPECT_EQ(expression("a - b - c"), "((a-b)-c)");
  EXPECT_EQ(expression("2^3^4"), "(2^(3^4))");
  EXPECT_EQ(expression("-a^2"), "(-(a^2))");
  EXPECT_EQ(expression("2^-a"), "(2^(-a))");
  EXPECT_EQ(expression("a < b + 1 && c == 2 || !d"), "(((a<(b+1))&&(c==2))||(!d))");
  EXPECT_EQ(expression("f(a, -g(b))*2(mV)"), "(f(a,(-g(b)))*2)");
}

TEST(Parser, DeclarationsHaveValuesUnitsAndBounds) {
  const auto f =
      file_with("PARAMETER { a = -1.5 (mV) <-10, 10>  b (/ms)  c FROM 0 TO 1 }\nSTATE { m h START 0.5 }");
  ASSERT_EQ(f.parameters.size(), 3u);
  EXPECT_EQ(f.parameters[0].value, -1.5);
  EXPECT_EQ(f.parameters[0].unit, "mV");
  EXPECT_EQ(f.parameters[1].unit, "/ms");
  EXPECT_FALSE(f.parameters[1].has_value);
  ASSERT_EQ(f.states.size(), 2u);
  EXPECT_EQ(f.states[1].name, "h");
  EXPECT_EQ(f.states[1].line, 3);
}

TEST(Parser, TheNeuronBlockSaysIonsAndCurrents) {
  const auto f = parse(
      "NEURON { POINT_PROCESS p  USEION ca READ cai, eca WRITE ica VALENCE 2\n NONSPECIFIC_CURRENT i  RANGE "
      "a, b  GLOBAL c THREADSAFE }",
      "x.mod");
  EXPECT_TRUE(f.point_process);
  EXPECT_EQ(f.name, "p");
  ASSERT_EQ(f.ions.size(), 1u);
  EXPECT_EQ(f.ions[0].reads, (std::vector<std::string>{"cai", "eca"}));
  EXPECT_EQ(f.ions[0].writes, std::vector<std::string>{"ica"});
  EXPECT_EQ(f.range, (std::vector<std::string>{"a", "b"}));
}

TEST(Parser, UnitsMayNameConstants) {
  const auto f = file_with(
      "UNITS { (mV) = (millivolt)  F = (faraday) (coulomb)  kF = (faraday) (kilocoulombs)  R = (k-mole) "
      "(joule/degC)  PI = (pi) (1)  k = 3 (mV) }");
  ASSERT_EQ(f.constants.size(), 5u);
  EXPECT_EQ(f.constants[0].second, 96485.33212331001);
  EXPECT_EQ(f.constants[1].second, 96.48533212331001);
  EXPECT_EQ(f.constants[2].second, 8.31446261815324);
  EXPECT_EQ(f.constants[4].second, 3);
}

TEST(Parser, StatementsOfEveryKind) {
  const auto f = file_with(
      "BREAKPOINT { LOCAL a, b\n SOLVE s METHOD cnexp\n IF (a < 1) { b = 1 } ELSE IF (a < 2) { b = 2 } ELSE "
      "{ b = 3 }\n rates(v)\n"
      " TABLE m DEPEND celsius FROM -100 TO 100 WITH 200\n }\n"
      "KINETIC k { ~ A + 2 B <-> C (1, 2)\n ~ A -> (3)\n ~ A << (4)\n CONSERVE A + C = 1 }");
  const auto& body = f.block("BREAKPOINT")->body;
  ASSERT_EQ(body.size(), 5u);
  EXPECT_EQ(body[4].names, std::vector<std::string>{"m"});
  EXPECT_EQ(body[4].terms.at(2).number, 200);
  EXPECT_EQ(body[0].names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(body[1].method, "cnexp");
  EXPECT_EQ(body[2].otherwise.at(0).kind, Statement::Kind::branch);
  EXPECT_EQ(body[2].otherwise.at(0).otherwise.at(0).terms.at(0).number, 3);
  EXPECT_EQ(body[3].kind, Statement::Kind::call);
  const auto& k = f.block("KINETIC", "k")->body;
  ASSERT_EQ(k.size(), 4u);
  ASSERT_EQ(k[0].left.size(), 2u);
  EXPECT_EQ(k[0].left[1].count, 2);
  EXPECT_EQ(k[0].left[1].state.name, "B");
  EXPECT_EQ(k[0].right.at(0).state.name, "C");
  EXPECT_EQ(k[1].name, "->");
  EXPECT_EQ(k[2].name, "<<");
}

TEST(Parser, ErrorsNameFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"\nBREAKPOINT { a = }", "x.mod:3: expected a value, found '}'"},
      {"BREAKPOINT { a = 1", "x.mod:2: this block has no closing }"},
      {"BREAKPOINT { a + 1 }", "x.mod:2: expected '=', found '+'"},
      {"BREAKPOINT { a = (1 + 2 }", "x.mod:2: expected ')', found '}'"},
      {"NOBLOCK { }", "x.mod:2: unknown block 'NOBLOCK'"},
      {"NEURON { FUNNY }", "x.mod:2: unknown word 'FUNNY' in the NEURON block"},
      {"STATE { m[n] }", "x.mod:2: 'm[n]': there is no DEFINE n"},
      {"STATE { m[0] }", "x.mod:2: 'm' has 0 elements; expected a whole number from 1 to 10000"},
      {"BREAKPOINT { a = m[3 }", "x.mod:2: expected ']', found '}'"},
      {"INCLUDE \"other.inc\"",
       "x.mod:2: INCLUDE cannot be compiled here; write the other file's text in its place"},
      {"AFTER LUNCH { }", "x.mod:2: AFTER LUNCH: expected BREAKPOINT, SOLVE, INITIAL or STEP"},
      {"BREAKPOINT { x'' = 1 }", "x.mod:2: x'' cannot be compiled here; write it as two equations"},
      {"FUNCTION f { f = 1 }", "x.mod:2: FUNCTION f has no list of arguments"},
      {"FUNCTION f() { f = 1 }\nFUNCTION f() { f = 2 }",
       "x.mod:3: a second FUNCTION f; the first is in line 2"},
      {"UNITS { c = (lightspeed) (m/s) }", "x.mod:2: c = (lightspeed) (m/s): unknown unit 'lightspeed'"},
      {"KINETIC k { ~ A <-> B (1) }", "x.mod:2: a reaction <-> with 1 rates"},
      {"PARAMETER { a = (mV }", "x.mod:2: expected a number, found '('"},
      {"PARAMETER { a (mV }", "x.mod:2: this unit has no closing )"},
      {"BREAKPOINT { a = " + std::string(3000, '(') + " }", "x.mod:2: nested too deep"},
      {"BREAKPOINT { a = " + std::string(3000, '-') + "1 }", "x.mod:2: nested too deep"},
  };
  for (const auto& [blocks, message] : wrong) EXPECT_EQ(refusal(blocks), message);
}

TEST(Parser, ArraysAreDeclaredByTheirElements) {
  const auto f = file_with(
      "DEFINE N 2\nSTATE { ca[N] (mM) <1e-8> }\nLOCAL w[3], u\nBREAKPOINT { LOCAL b[2]\n b[1] = ca[N-1] }");
  ASSERT_EQ(f.states.size(), 2u);
  EXPECT_EQ(f.states[1].name, "ca[1]");
  EXPECT_EQ(f.arrays.at("ca"), 2);
  EXPECT_EQ(f.arrays.at("w"), 3);
  EXPECT_EQ(f.assigned.size(), 4u);
  EXPECT_EQ(f.global, (std::vector<std::string>{"w", "u"}));
  const auto& body = f.block("BREAKPOINT")->body;
  EXPECT_EQ(body[0].names, (std::vector<std::string>{"b[0]", "b[1]"}));
  EXPECT_EQ(body[1].name, "b");
  EXPECT_EQ(body[1].terms.at(0).kind, Term::Kind::element);
  EXPECT_EQ(array_of("ca[1]"), "ca");
}

TEST(Parser, BlocksOfOneMomentAreOneAfterTheOther) {
  const auto f =
      file_with("INITIAL { a = 1 }\nINITIAL { a = 2 }\nAFTER SOLVE { b = 1 }\nBEFORE BREAKPOINT { c = 1 }");
  EXPECT_EQ(f.block("INITIAL")->body.size(), 2u);
  EXPECT_NE(f.block("AFTER", "SOLVE"), nullptr);
  EXPECT_NE(f.block("BEFORE", "BREAKPOINT"), nullptr);
}

TEST(Parser, LoopsEquationsAndGeometryOfAScheme) {
  const auto f = file_with(
      "BREAKPOINT { FROM i = 0 TO 4 BY 2 { a = i }\n WHILE (a < 2) { a = a + 1 } }\n"
      "KINETIC k { COMPARTMENT i, v[i] { ca }\n LONGITUDINAL_DIFFUSION D { ca }\n ~ ca[0] <-> ca[1] (1, 2) "
      "}\n"
      "LINEAR l { ~ a + 2*b = 1 }\nNET_RECEIVE(w) { INITIAL { w = 1 }\n WATCH (v > 3) 2 }");
  const auto& body = f.block("BREAKPOINT")->body;
  EXPECT_EQ(body[0].kind, Statement::Kind::from);
  EXPECT_EQ(body[0].terms.at(2).number, 2);
  EXPECT_EQ(body[1].kind, Statement::Kind::repeat);
  const auto& k = f.block("KINETIC", "k")->body;
  EXPECT_EQ(k[0].kind, Statement::Kind::compartment);
  EXPECT_EQ(k[0].name, "i");
  EXPECT_EQ(k[1].kind, Statement::Kind::diffusion);
  EXPECT_EQ(k[1].names, std::vector<std::string>{"ca"});
  EXPECT_EQ(k[2].right.at(0).state.index->number, 1);
  EXPECT_EQ(f.block("LINEAR", "l")->body.at(0).kind, Statement::Kind::equation);
  EXPECT_EQ(f.block("NET_RECEIVE")->body.at(1).kind, Statement::Kind::watch);
}

TEST(Parser, ALoopOverStreamsIsOnTheArgumentsOfNetReceive) {
  const auto f =
      parse("NEURON { POINT_PROCESS x }\nNET_RECEIVE(w, a (1), b) { FOR_NETCONS(own, b, a) { b = a + own } }",
            "x.mod");
  const auto& loop = f.block("NET_RECEIVE")->body.at(0);
  EXPECT_EQ(loop.kind, Statement::Kind::branch);
  const auto& sum = loop.then.at(0);
  EXPECT_EQ(sum.name, "a");  // the second name is that of the second argument
  EXPECT_EQ(sum.terms.at(0).parts.at(0).text, "b");
  EXPECT_EQ(sum.terms.at(0).parts.at(1).text, "w");
}

TEST(Parser, AFileWithoutAMechanismIsRefused) {
  for (const auto* text : {"", "NEURON { RANGE a }"}) {
    try {
      parse(text, "x.mod");
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_STREQ(error.what(), "x.mod: has no NEURON block with SUFFIX, POINT_PROCESS or ARTIFICIAL_CELL");
    }
  }
}

}  // namespace
}  // namespace nt::mechanism::nmodl
