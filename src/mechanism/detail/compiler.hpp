#pragma once
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "config/error.hpp"
#include "mechanism/detail/step.hpp"
#include "mechanism/detail/syntax.hpp"
#include "mechanism/mechanism.hpp"

// Private to this room: compile_mechanism is its face.
namespace nt::mechanism {

using nmodl::Block;
using nmodl::Statement;
using nmodl::Term;

/// More statements than any model executes, inlined functions included: a file that needs more grows
/// exponentially.
inline constexpr int kMostSteps = 200000;
inline constexpr int kDeepestCalls = 40;

/// Newton's iterations for equations that are not linear: of a step in the kernel, and of a steady state,
/// which is computed once and may be far away.
inline constexpr int kIterations = 4, kSteadyIterations = 25;

/// States that are solved together.
inline constexpr size_t kMostCoupled = 300;

/// States whose iterations are written out one after the other, where their equations are not linear: those
/// of more are turns of a loop, which has the code of one. And unknowns of a LINEAR block.
inline constexpr size_t kMostWrittenOut = 40;

/// States of a scheme that is stepped exactly: its matrix is multiplied by itself.
inline constexpr size_t kMostExact = 16;

/// States times nodes that derivatives are taken of, where there are more than kMostWrittenOut states.
inline constexpr size_t kMostDerivatives = 20'000'000;

/// A concentration as a WATCH sees it that is read with the current alone: "cai as last read".
inline constexpr auto kLastRead = " as last read";
/// Entries of a TABLE.
inline constexpr double kMostIntervals = 1e6;

/// The step in ms that NEURON takes for STEADYSTATE.
inline constexpr double kSteadyStep_ms = 1e9;

/// The difference of voltage in mV by which NEURON finds a conductance: BREAKPOINT is evaluated there first,
/// then at v.
inline constexpr double kProbe_mV = 0.001;

/// Given from outside; a file cannot change them.
inline constexpr std::array<std::string_view, 5> kGiven{"dt", "t", "celsius", "diam", "area"};

/// Functions of one argument.
const std::map<std::string, Op, std::less<>>& functions();

/// Executes NMODL blocks on expressions instead of numbers. Its parts: the blocks in their order
/// (compile.cpp), statements and what variables hold (compile_statements.cpp), calls and their tables
/// (compile_calls.cpp), expressions (compile_expressions.cpp), and what SOLVE does (compile_solve.cpp).
class Compiler {
 public:
  Compiler(nmodl::File file, const Reading& reading)
      : file_(std::move(file)),
        tables_(reading.tables),
        generators_(reading.generators),
        kinetics_(reading.kinetics),
        followed_(reading.followed_ions) {}

  Mechanism compile();

  /// What random numbers are like: uniform in (0, 1), whole from 0 to 2^32 - 1, exponential with the mean 1,
  /// standard normal.
  enum class Shape : uint8_t { uniform, whole, negexp, normal };

 private:
  using Values = std::map<std::string, Expr>;

  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", file_.path, line, what);
  }

  void declare();

  void declare_ion(const nmodl::IonUse& use);
  void declare_ion_variable(const nmodl::IonUse& use, const std::string& name, bool written);
  /// Adds the ions that the file itself makes follow.
  void find_followed_ions();

  /// Whether it reads what the ion's currents sum up to: a current that it reads and writes is that where it
  /// is read.
  bool reads_current(const nmodl::IonUse& use) const;

  /// A variable of an ion that is read anew by each block; null: it is none.
  const IonVariable* ion_variable(const std::string& name) const;
  bool is_own_current(const std::string& name) const;

  bool known(const std::string& name) const;

  void execute_all();

  void begin(const std::string& block);

  /// What variables are before INITIAL: a parameter is what the description says; a state x is x0 if the file
  /// declares that, else what START says, else 0.
  void start_parameters();
  void start_states();
  /// Whether anything before the first step draws random numbers.
  bool start_draws() const;

  /// Stored variables when the block has been executed.
  std::vector<Expr> final_values();

  std::vector<Expr> concentrations();

  /// NEURON evaluates BREAKPOINT at v + 0.001 mV and then at v. Where it changes a variable from its own
  /// earlier value, both count; also once more before the first step. Returns whether there is such a one.
  bool evaluate_twice();
  void note_early_events();

  // ---- BEFORE and AFTER (compile_moments.cpp)

  /// Whether statements read or set variables of ions that change during a simulation, also in the functions
  /// that they call. `seen`: those looked at so far.
  bool touches_ions(const std::vector<Statement>& statements, std::set<std::string>& seen) const;
  bool touches_ions(const Term& t, std::set<std::string>& seen) const;
  bool calls_what_touches_ions(const std::string& name, std::set<std::string>& seen) const;
  bool varies_as_ion(const std::string& name) const;
  /// Whether the block, where there is one, is executed apart from those beside it.
  bool has_own_moment(const std::string& when, const std::string& what) const;
  bool moments_are_apart() const;
  /// A block on its own; nothing where there is none.
  std::optional<Mechanism::Moment> moment(const std::string& when, const std::string& what);
  void refuse_set_reversal(const Block& block) const;
  void refuse_read_current(const Block& block, const Mechanism::Moment& left) const;
  /// BEFORE INITIAL: of ions it sees what they are at rest.
  void before_initial();

  std::vector<std::string> current_names() const;

  void currents();
  Expr given_conductance(bool inward);

  // ---- statements

  void execute(const std::vector<Statement>& statements, int depth);

  void execute(const Statement& s, int depth);

  void note(int line, const std::string& what);

  void assign(const std::string& name, int line, Expr value);
  /// An assignment as written, to a variable or to an element of an array.
  void assign(const Statement& s, Expr value, int depth);

  std::string unknown(const std::string& name) const;

  void branch(const Statement& s, int depth);

  // ---- loops (compile_loops.cpp)

  void loop_from(const Statement& s, int depth);
  void loop_while(const Statement& s, int depth);
  void turn(int line, const std::function<Expr()>& condition, const std::function<void()>& body);
  void count_turn(int line) const;
  Expr whole(Expr e);
  Expr whole_value(const Term& t, int depth);
  /// Refuses what can only be done a known number of times.
  void refuse_in_loop(int line, const std::string& what) const;

  /// A call of what is no block of the file.
  bool call_of_neuron(const Statement& s, int depth);

  /// The value a variable has when the block has not set it.
  Expr before(const std::string& name, int line);

  /// Whether the file reads a concentration when its current is computed and, but for events, at no other
  /// time of a step, as NEURON has it without SOLVE. A WATCH then sees what it was at the start of the step
  /// before.
  bool reads_with_current_alone(const std::string& name) const;
  void read_concentrations();
  bool solves_in_breakpoint() const;

  void keep(const std::string& name, int line);

  /// Whether any block but INITIAL assigns the variable.
  bool set_later(const std::string& name) const { return set_in_some_block(name, /*but_initial=*/true); }
  bool set_somewhere(const std::string& name) const { return set_in_some_block(name, /*but_initial=*/false); }

  bool set_in_some_block(const std::string& name, bool but_initial) const;
  static bool sets(const std::vector<Statement>& statements, const std::string& name);

  Expr call(const std::string& name, const std::vector<Term>& arguments, int line, int depth);

  Expr execute_call(const Block& block, Values frame, int depth);
  Expr given_function(const Block& block, const std::vector<Term>& arguments, int line, int depth);

  /// The TABLE statement of a PROCEDURE or FUNCTION of one argument.
  const Statement* table_of(const Block& block) const;

  /// A call whose results come from tables: those variables alone are set that TABLE names.
  Expr tabulated(const Block& block, const Statement& table, Expr argument, int depth);

  std::vector<std::string> tabulated_names(const Statement& table) const;
  Expr not_yet_made(const Block& block, const Statement& table);
  /// Whether NEURON makes the file's tables in the file's order and before it reads ions: where it takes the
  /// file for safe for threads. Else a table is made at the first call.
  bool is_thread_safe() const;

  void make_tables(const Block& block, const Statement& table, int depth, std::vector<size_t>& numbers);

  // ---- C code

  /// A VERBATIM block: nothing, or what is known to mean the same as NMODL.
  void verbatim(const Statement& s);
  void return_from(int line);
  static bool ends_with_return(const std::vector<Statement>& statements);
  void c_statement(const std::string& text, int line);
  /// Whether the block was left, by C's return.
  enum class Left : uint8_t { no, perhaps, yes };

  // ---- random numbers (compile_random.cpp)

  /// A generator's stored variables: how many numbers it has drawn, in rounds of kDrawsPerRound.
  std::pair<Expr, Expr> counter_of(const std::string& generator);
  void set_counter(const std::string& generator, Expr draws, Expr rounds);
  bool counts_draws(const std::string& variable) const;
  /// The next number of a generator.
  Expr draw(const std::string& generator, Shape shape);
  /// NEURON's functions of generators; nothing if the name is none of them.
  std::optional<Expr> random_call(const std::string& name, const std::vector<Term>& arguments, int line,
                                  int depth);
  /// Refuses a distribution that cannot be: a negative mean or standard deviation, bounds the wrong way
  /// round. Where only a PARAMETER's default makes it so, a note: the cell may set another value.
  void require_possible(const std::string& function, Shape shape, const std::vector<Expr>& numbers, int line);
  std::optional<Expr> old_random_call(const std::string& name, const std::vector<Term>& arguments, int line,
                                      int depth);
  /// What a FUNCTION returns whose C code draws from a generator that NEURON's interpreter gives; nothing if
  /// it is none of these.
  std::optional<Expr> drawn_in_c(const Block& function);

  // ---- arrays

  /// How many elements an array has, also a LOCAL one; 0: it is none.
  int elements_of(const std::string& array) const;
  /// The element that a constant index names; nothing where the index varies.
  std::optional<std::string> element(const std::string& array, Expr index, int line) const;
  Expr read_element(const Term& t, int depth);

  // ---- expressions

  Expr value(const Term& t, int depth);

  Expr read(const std::string& name, int line);

  Expr function(const Term& t, int depth);
  Expr goldman_current(const Term& t, int depth);

  // ---- SOLVE

  void solve_in(const std::vector<Statement>& statements);
  void solve_nowhere(const std::vector<Statement>& statements, const std::string& where = "IF");

  /// A block being solved.
  struct Solving {
    /// A DERIVATIVE block whose states are advanced statement by statement; one whose derivatives are
    /// gathered; KINETIC.
    enum class Kind : uint8_t { exactly, derivatives, reactions, equations };
    Kind kind = Kind::exactly;
    Values derivatives = {};                                           // by state
    std::vector<std::pair<std::vector<std::string>, Expr>> sums = {};  // CONSERVE: its states, surplus
    int branches = 0;                                                  // IFs around the statement
    // Of reactions: the derivative of one state's rate of change by another state, with the reactions' rates
    // as numbers; and whether any takes more than one molecule.
    std::map<std::pair<std::string, std::string>, Expr> slopes = {};
    bool higher_order = false;
    Values volumes = {};                                             // COMPARTMENT, by state
    std::vector<std::tuple<std::string, Expr, int>> diffusing = {};  // a state, its constant, the line
    std::vector<std::pair<Expr, int>> equations = {};  // of a LINEAR block: what has to be 0, and its line
  };

  void solve(const Statement& s);

  /// The state's new value, which the statements after it read, as in the code that NEURON makes. The
  /// equation is linear or not in the x that its text names: what earlier statements and functions computed
  /// from x is a number to it.
  void advance_exactly(const Statement& s, int depth);

  bool calls_function(const Term& t) const;
  /// Whether the name stands among the arguments of one of the file's functions.
  bool passes_to_function(const Term& t, const std::string& name, bool inside = false) const;

  /// METHOD euler: all derivatives first, then all states.
  void explicit_step(const std::vector<Statement>& body);
  /// METHOD runge: Runge-Kutta's of fourth order. Other assignments of the block are those of its start.
  void runge_step(const std::vector<Statement>& body);

  /// METHOD derivimplicit and sparse; a step of 1e9 ms for STEADYSTATE. What the block assigns, it computes
  /// from the new states, as NEURON's last evaluation of it does.
  void implicit_step(const std::vector<Statement>& body, Solving::Kind kind, const Statement& s);

  /// Each CONSERVE takes the place of one equation: that of its last state which no other has taken, and the
  /// last CONSERVE chooses first (nocmodl).
  void add_sums(const Solving& solving, const std::vector<std::string>& names, StateSystem& system);

  /// x' = ...
  void derivative(const Statement& s, int depth);

  // ---- KINETIC (compile_kinetic.cpp)

  /// A reaction, CONSERVE, COMPARTMENT or LONGITUDINAL_DIFFUSION.
  void kinetic_statement(const Statement& s, int depth);

  void conserve(const Statement& s, int depth);
  void compartment(const Statement& s, int depth);
  void diffusion(const Statement& s, int depth);
  /// The states that COMPARTMENT or LONGITUDINAL_DIFFUSION names, each with its volume or constant.
  std::vector<std::pair<std::string, Expr>> geometry_of(const Statement& s, int depth);

  /// Mass action: each reaction's flux leaves its left side and enters its right side.
  void react(const Statement& s, int depth);
  /// Flux that depends on the states of one side of a reaction.
  using Side = std::vector<std::pair<double, std::string>>;
  Side states_of(const std::vector<nmodl::Reactant>& side, int line, int depth, bool only_states);
  Expr flow(Expr rate, const Side& from, const Side& to, int line);
  void change(const Side& side, Expr flux);
  /// Rates of change per volume, where COMPARTMENT gives one.
  void divide_by_volumes(Solving& solving);
  void take_diffusion(const Solving& solving);
  /// Diffusion by what stays during a simulation.
  void fix_diffusion();

  // ---- LINEAR (compile_linear.cpp)

  void linear_equation(const Statement& s, int depth);
  void solve_linear(const Block& block, const Statement& s);

  // ---- events (compile_events.cpp)

  /// net_send, net_move, net_event; false: it is none of these.
  bool event_call(const Statement& s, int depth);
  /// WATCH, INITIAL of NET_RECEIVE.
  void receive_statement(const Statement& s, int depth);
  void declare_streams();
  /// NET_RECEIVE at an event.
  void receive();
  /// INITIAL of NET_RECEIVE.
  void start_streams();
  std::vector<Mechanism::Send> sends();

  void finish();
  /// Puts stored elements of an array one after the other.
  void gather_arrays();

  nmodl::File file_;
  Tables tables_;
  Generators generators_;
  Kinetics kinetics_;
  std::set<std::string> followed_;  // ions
  Mechanism m_;
  Values fixed_, varying_;                        // symbols and constants by name
  std::map<std::string, int> states_, assigned_;  // name: line
  std::set<std::string> constants_;               // of the file
  std::set<std::string> kept_;
  std::vector<std::string> stored_names_;               // of m_.stored, as the file calls them
  std::map<std::string, std::pair<Expr, Expr>> decay_;  // of x' = a x + b: the state one step later, a
  std::map<Expr, Expr> quick_;                          // an exact step and the same without its exponential

  // While a block is executed
  std::string block_;
  Values values_;               // of the file's variables set so far
  std::vector<Values> locals_;  // of the functions being called, the block's first
  Values initial_;              // values_ at the end of INITIAL
  bool watching_ = false;       // within the condition of a WATCH
  std::map<std::string, std::vector<size_t>> table_numbers_;  // by PROCEDURE or FUNCTION
  const Block* tabulating_ = nullptr;                         // whose table is being made
  std::map<std::string, Values> left_by_table_;  // what such a block sets that its TABLE does not name
  std::set<std::string> made_in_initial_;        // tables that INITIAL makes
  Solving* solving_ = nullptr;
  Left left_ = Left::no;
  Expr path_ = -1;        // the conditions of the IFs and loops around the statement
  int loops_around_ = 0;  // of those whose number of turns is not known
  std::vector<Mechanism::Send> sends_;
  std::vector<Mechanism::Spike> spikes_;
  std::vector<Mechanism::Outside> outside_;
  struct WatchStatement {
    Expr when, value, flag;
  };
  std::vector<WatchStatement> watches_;
  std::map<size_t, size_t> watch_numbers_;  // of NET_RECEIVE, by their number in the file
  std::pair<std::string, Expr> named_;      // the state that an equation names, for METHOD cnexp
  int steps_ = 0;
  int diffusion_line_ = 0;
};

}  // namespace nt::mechanism
