// Untrusted bytes made fit for messages: valid UTF-8, no control characters, short.
#pragma once

#include <string>
#include <string_view>

namespace rsr {

// Number of bytes before the first one that is not valid UTF-8; the size if all are.
size_t ValidUtf8Prefix(std::string_view bytes);

// Control characters (those of C1 too, which terminals obey) as \n, \t, \r or \xNN, invalid bytes
// as \xNN.
std::string Printable(std::string_view bytes);

// Printable() of at most 60 bytes: of longer text the beginning and the end.
std::string Excerpt(std::string_view bytes);

}  // namespace rsr
