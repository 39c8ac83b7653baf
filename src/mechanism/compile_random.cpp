#include <algorithm>
#include <limits>
#include <numbers>
#include <regex>

#include "mechanism/detail/compiler.hpp"

// Random numbers: RANDOM of NEURON 9 and its random_ functions, NEURON's older scop_random, exprand and
// normrand, and FUNCTIONs whose C code picks a number from a generator that NEURON's interpreter gives. Each
// generator of each instance draws from a stream of its own; how many numbers it has drawn is kept in two
// stored variables.
namespace nt::mechanism {
namespace {

/// The generator behind scop_random, exprand and normrand. In NEURON all mechanisms share it.
constexpr auto kOldGenerator = "scop_random";

std::string draws_variable(const std::string& generator) {
  return "draws of " + generator;
}
std::string rounds_variable(const std::string& generator) {
  return "rounds of draws of " + generator;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// What is drawn from, and how many arguments its function has besides the generator: none, or this many.
struct Distribution {
  Compiler::Shape shape;
  size_t arguments;
};

const std::map<std::string, Distribution, std::less<>>& random_functions() {
  using Shape = Compiler::Shape;
  static const std::map<std::string, Distribution, std::less<>> all{{"random_uniform", {Shape::uniform, 2}},
                                                                    {"random_dpick", {Shape::uniform, 0}},
                                                                    {"random_ipick", {Shape::whole, 0}},
                                                                    {"random_negexp", {Shape::negexp, 1}},
                                                                    {"random_normal", {Shape::normal, 2}}};
  return all;
}

}  // namespace

std::pair<Expr, Expr> Compiler::counter_of(const std::string& generator) {
  auto& g = m_.graph;
  const std::array names{draws_variable(generator), rounds_variable(generator)};
  if (const auto known = std::find(m_.generators.begin(), m_.generators.end(), generator);
      known == m_.generators.end()) {
    m_.generators.push_back(generator);
    for (const auto& name : names) {
      kept_.insert(name);
      varying_[name] = g.symbol(name, true);
      m_.stored.push_back(name);
      stored_names_.push_back(name);
    }
  }
  const auto now = [&](const std::string& name) {
    const auto it = values_.find(name);
    if (it != values_.end()) return it->second;
    return block_ == "INITIAL" ? g.constant(0) : varying_.at(name);
  };
  return {now(names[0]), now(names[1])};
}

void Compiler::set_counter(const std::string& generator, Expr draws, Expr rounds) {
  values_[draws_variable(generator)] = draws;
  values_[rounds_variable(generator)] = rounds;
}

bool Compiler::counts_draws(const std::string& variable) const {
  return std::any_of(m_.generators.begin(), m_.generators.end(), [&](const std::string& generator) {
    return variable == draws_variable(generator) || variable == rounds_variable(generator);
  });
}

Expr Compiler::draw(const std::string& generator, Shape shape) {
  auto& g = m_.graph;
  const auto [draws, rounds] = counter_of(generator);
  const auto number = static_cast<int>(std::find(m_.generators.begin(), m_.generators.end(), generator) -
                                       m_.generators.begin());
  const auto half = [&, draws = draws, rounds = rounds](int which) {
    return g.draw(number, which, draws, rounds);
  };
  const Expr next = g.add(draws, g.constant(1));
  const Expr full = g.binary(Op::equal, next, g.constant(kDrawsPerRound));
  set_counter(generator, g.select(full, g.constant(0), next),
              g.select(full, g.add(rounds, g.constant(1)), rounds));
  const auto minus_log = [&](Expr u) { return g.unary(Op::negate, g.unary(Op::log, u)); };
  switch (shape) {
    case Shape::uniform:
      break;
    case Shape::whole:
      return g.unary(Op::floor, g.multiply(g.constant(0x1p32), half(0)));
    case Shape::negexp:
      return minus_log(half(0));
    case Shape::normal: {  // Box and Muller 1958
      const Expr radius = g.unary(Op::sqrt, g.multiply(g.constant(2), minus_log(half(0))));
      return g.multiply(radius, g.unary(Op::cos, g.multiply(g.constant(2 * std::numbers::pi), half(1))));
    }
  }
  return half(0);
}

void Compiler::require_possible(const std::string& function, Shape shape, const std::vector<Expr>& numbers,
                                int line) {
  bool by_default = false;
  const auto value_of = [&](Expr e) {
    const auto& node = m_.graph.node(e);
    if (node.op == Op::constant) return node.value;
    const auto* parameter = node.op == Op::symbol ? m_.parameter(m_.graph.name(e)) : nullptr;
    by_default |= parameter != nullptr;
    return parameter != nullptr ? parameter->value : std::numeric_limits<double>::quiet_NaN();
  };
  const auto refuse_or_note = [&](const std::string& what, const std::string& expected) {
    if (!by_default) refuse(line, fmt::format("{} has {}, expected {}", function, what, expected));
    note(line,
         fmt::format("{} has {} unless the cell sets another value; expected {}", function, what, expected));
  };
  if (shape == Shape::uniform && numbers.size() == 2) {
    const double low = value_of(numbers[0]), high = value_of(numbers[1]);
    if (low > high) refuse_or_note(fmt::format("the bounds {:g} and {:g}", low, high), "the lower one first");
  } else if (shape == Shape::negexp && !numbers.empty()) {
    if (const double mean = value_of(numbers[0]); mean < 0)
      refuse_or_note(fmt::format("a mean of {:g}", mean), "0 or more");
  } else if (shape == Shape::normal && numbers.size() == 2) {
    if (const double sd = value_of(numbers[1]); sd < 0)
      refuse_or_note(fmt::format("a standard deviation of {:g}", sd), "0 or more");
  }
}

std::optional<Expr> Compiler::random_call(const std::string& name, const std::vector<Term>& arguments,
                                          int line, int depth) {
  if (const auto old = old_random_call(name, arguments, line, depth)) return old;
  const auto known = random_functions().find(name);
  const bool sets = name == "random_setseq" || name == "random_setids";
  if (known == random_functions().end() && !sets) return {};
  if (arguments.empty() || arguments[0].kind != Term::Kind::name ||
      !file_.generators.contains(arguments[0].text))
    refuse(line,
           fmt::format("{} needs as its first argument a name that NEURON {{ RANDOM ... }} declares", name));
  auto& g = m_.graph;
  const auto& generator = arguments[0].text;
  const auto expect = [&](size_t least, size_t most) {
    if (const size_t n = arguments.size() - 1; n != least && n != most)
      refuse(line,
             fmt::format("{} takes {} numbers besides the generator, not {}", name,
                         least == most ? fmt::format("{}", most) : fmt::format("{} or {}", least, most), n));
  };
  if (name == "random_setids") {
    note(line, "random_setids does nothing here: each instance has a stream of its own");
    return g.constant(0);
  }
  if (sets) {
    expect(1, 1);
    const Expr n = g.unary(Op::floor, value(arguments[1], depth));
    const Expr rounds = g.unary(Op::floor, g.multiply(g.constant(1 / kDrawsPerRound), n));
    counter_of(generator);
    set_counter(generator, g.subtract(n, g.multiply(g.constant(kDrawsPerRound), rounds)), rounds);
    return g.constant(0);
  }
  const auto [shape, most] = known->second;
  const bool mean_alone = shape == Shape::normal && arguments.size() == 2;
  expect(mean_alone ? 1 : 0, most);
  std::vector<Expr> numbers;
  for (size_t i = 1; i < arguments.size(); ++i) numbers.push_back(value(arguments[i], depth));
  require_possible(name, shape, numbers, line);
  const Expr drawn = draw(generator, shape);
  if (numbers.empty()) return drawn;
  if (shape == Shape::negexp) return g.multiply(numbers[0], drawn);
  if (mean_alone) return g.add(numbers[0], drawn);
  const Expr scale = shape == Shape::normal ? numbers[1] : g.subtract(numbers[1], numbers[0]);
  return g.add(numbers[0], g.multiply(scale, drawn));
}

std::optional<Expr> Compiler::old_random_call(const std::string& name, const std::vector<Term>& arguments,
                                              int line, int depth) {
  auto& g = m_.graph;
  if (name == "set_seed") {
    note(line, "set_seed does nothing here: what is drawn depends on the seed and number of the trial");
    return g.constant(0);
  }
  if (name == "poisrand" || name == "poisson" || name == "gauss")
    refuse(line,
           fmt::format("{} cannot be compiled here; draw with RANDOM's functions, scop_random, exprand or "
                       "normrand",
                       name));
  const bool is_uniform = name == "scop_random", is_negexp = name == "exprand",
             is_normal = name == "normrand";
  if (!is_uniform && !is_negexp && !is_normal) return {};
  std::vector<Expr> numbers;
  for (const auto& argument : arguments) numbers.push_back(value(argument, depth));
  if (!is_uniform && numbers.size() != (is_normal ? 2u : 1u))
    refuse(line, is_normal ? "normrand takes a mean and a standard deviation" : "exprand takes a mean");
  if (!is_uniform) require_possible(name, is_negexp ? Shape::negexp : Shape::normal, numbers, line);
  note(line, fmt::format("{} draws from a stream that each instance has for itself; in NEURON all mechanisms "
                         "share one",
                         name));
  if (is_uniform) return draw(kOldGenerator, Shape::uniform);
  if (is_negexp) return g.multiply(numbers[0], draw(kOldGenerator, Shape::negexp));
  return g.add(numbers[0], g.multiply(numbers[1], draw(kOldGenerator, Shape::normal)));
}

/// if (generator) { return a number drawn from it; } else { ... }
std::optional<Expr> Compiler::drawn_in_c(const Block& function) {
  std::string code;
  bool sets_value = false, falls_back_to_uniform = false, falls_back_to_negexp = false;
  for (const auto& s : function.body) {
    if (s.kind == Statement::Kind::verbatim) code += s.name;
    sets_value |= s.kind == Statement::Kind::assign && s.name == "value";
    if (s.kind != Statement::Kind::assign || s.terms[0].kind != Term::Kind::call) continue;
    falls_back_to_uniform |= s.terms[0].text == "scop_random";
    falls_back_to_negexp |= s.terms[0].text == "exprand";
  }
  const bool picks = contains(code, "nrn_random_pick"), negexp = contains(code, "nrnran123_negexp"),
             normal = contains(code, "nrnran123_normal"), uniform = contains(code, "nrnran123_dblpick");
  if (!picks && !negexp && !normal && !uniform) return {};
  static const std::regex loop("\\b(for|while)\\s*\\(");
  if (std::regex_search(code, loop)) return {};  // more than a draw
  const bool as_fallback = sets_value && falls_back_to_uniform;
  if (generators_ == Generators::none && !as_fallback) {
    note(function.line, fmt::format("{}() is 0, as in NEURON while its interpreter has given no generator of "
                                    "random numbers: generators = \"none\"",
                                    function.name));
    return m_.graph.constant(0);
  }
  // The FUNCTION that stands in for a missing generator, its own name and its comments say which.
  const bool says_negexp = falls_back_to_negexp || negexp || function.name == "erand" ||
                           (contains(code, "negexp(1)") && function.name != "urand");
  const bool says_uniform =
      falls_back_to_uniform || uniform || function.name == "urand" || contains(code, "Random.uniform(");
  if (!says_negexp && !says_uniform && !normal)
    refuse(
        function.line,
        fmt::format("FUNCTION {} draws random numbers in C code that does not say from which distribution; "
                    "declare a generator with RANDOM and draw with random_uniform, random_negexp or "
                    "random_normal",
                    function.name));
  const bool prefers_uniform = falls_back_to_uniform || (says_uniform && !says_negexp);
  const auto shape = normal ? Shape::normal : prefers_uniform ? Shape::uniform : Shape::negexp;
  note(function.line,
       fmt::format(
           "{}() draws from a generator that NEURON's interpreter has to give; here each instance has one, "
           "{}. generators = \"none\" leaves it out",
           function.name,
           shape == Shape::uniform  ? "uniform from 0 to 1"
           : shape == Shape::normal ? "standard normal"
                                    : "exponential with the mean 1"));
  return draw(function.name, shape);
}

}  // namespace nt::mechanism
