// The one exception type of the library.
#pragma once

#include <exception>
#include <string>

namespace rsr {

// Thrown where a person's input, model, arguments or machine is at fault (kUser) or where rsr
// itself is (kInternal). Caught only at the edges: cli/ turns it into an exit status and prints
// `message`, then `hint`.
class Error : public std::exception {
 public:
  enum class Kind { kUser, kInternal };

  // `message`: what failed, where (file, line or byte), expected, got. `hint`: what to do about it,
  // or empty.
  explicit Error(std::string message, std::string hint = "", Kind kind = Kind::kUser)
      : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

  Kind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Kind kind_;
  std::string message_;
  std::string hint_;
};

}  // namespace rsr
