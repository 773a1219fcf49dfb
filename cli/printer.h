// The one object that writes: data to stdout, everything else to stderr.
#pragma once

#include <string_view>

namespace rsr::cli {

// Threading: one thread at a time.
class Printer {
 public:
  // How progress is shown on stderr: redrawn in place on a terminal, now and then a line where it
  // is a file or a pipe (a job's log, tee), not at all when quiet.
  enum class StatusStyle { kNone, kLines, kInPlace };

  Printer();

  void set_quiet(bool quiet) { quiet_ = quiet; }

  void Out(std::string_view text);  // data, as it stands
  void Flush();                     // throws rsr::Error if stdout took not all of it
  void Error(std::string_view message, std::string_view hint);  // hint may be empty
  void Hint(std::string_view text);
  void Warning(std::string_view message);
  void Detail(std::string_view line);  // belongs to an error or warning: shown when quiet, too
  void Note(std::string_view line);    // not shown when quiet

  StatusStyle status_style() const;
  void Status(std::string_view text);  // kInPlace: replaces the last one; kLines: one more line
  void ClearStatus();                  // whatever is printed next does this first
  int terminal_width() const;          // of stderr, columns

  int out_width() const;  // of stdout, columns; 0 where it is no terminal

  bool color_out() const { return color_out_; }  // stdout is a terminal and NO_COLOR is not set

 private:
  void Line(std::string_view label, const char* color, std::string_view text);

  bool quiet_ = false, color_out_ = false, color_err_ = false, status_drawn_ = false;
  StatusStyle status_style_ = StatusStyle::kNone;
};

}  // namespace rsr::cli
