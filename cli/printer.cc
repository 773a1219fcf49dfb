#include "cli/printer.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/format.h"
#include "rsr/error.h"

namespace rsr::cli {
namespace {

bool DumbTerminal() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

// https://no-color.org: set and not empty.
bool ColorOn(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(fd) && (no_color == nullptr || *no_color == '\0') && !DumbTerminal();
}

Printer::StatusStyle StyleOf(int fd) {
  return isatty(fd) && !DumbTerminal() ? Printer::StatusStyle::kInPlace
                                       : Printer::StatusStyle::kLines;
}

void Err(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Printer::Printer()
    : color_out_(ColorOn(STDOUT_FILENO)),
      color_err_(ColorOn(STDERR_FILENO)),
      status_style_(StyleOf(STDERR_FILENO)) {}

void Printer::Out(std::string_view text) {
  ClearStatus();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Printer::Flush() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw rsr::Error(std::string("cannot write to standard output: ") + std::strerror(errno),
                     "the output is not complete");
  }
}

void Printer::Line(std::string_view label, const char* color, std::string_view text) {
  ClearStatus();
  std::string line;
  if (!label.empty() && color_err_) line += color;
  line += label;
  if (!label.empty() && color_err_) line += "\x1b[0m";
  line += Printable(text);
  Err(line + "\n");
}

void Printer::Error(std::string_view message, std::string_view hint) {
  Line("error: ", "\x1b[1;31m", message);
  if (!hint.empty()) Hint(hint);
}

void Printer::Hint(std::string_view text) { Line("hint: ", "\x1b[1;36m", text); }

void Printer::Warning(std::string_view message) { Line("warning: ", "\x1b[1;33m", message); }

void Printer::Detail(std::string_view line) { Line("", "", line); }

void Printer::Note(std::string_view line) {
  if (!quiet_) Line("", "", line);
}

Printer::StatusStyle Printer::status_style() const {
  return quiet_ ? StatusStyle::kNone : status_style_;
}

void Printer::Status(std::string_view text) {
  if (status_style() == StatusStyle::kLines) Line("", "", text);
  if (status_style() != StatusStyle::kInPlace) return;
  Err("\r\x1b[K");
  Err(text);
  status_drawn_ = true;
}

void Printer::ClearStatus() {
  if (status_drawn_) Err("\r\x1b[K");
  status_drawn_ = false;
}

int Printer::terminal_width() const {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

int Printer::out_width() const {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace rsr::cli
