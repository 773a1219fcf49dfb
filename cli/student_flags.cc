#include "cli/student_flags.h"

#include "cli/usage.h"

namespace rsr::cli {

StudentOptions StudentFlags::Student() const {
  StudentOptions options = student;
  options.mask = ParseChoice<MaskPolicy>("--mask", mask,
                                         {{"content", MaskPolicy::kContent},
                                          {"turn", MaskPolicy::kTurn},
                                          {"last", MaskPolicy::kLast},
                                          {"reference", MaskPolicy::kReference}});
  options.thinking = ParseChoice<ThinkingPolicy>("--thinking", thinking,
                                                 {{"as-template", ThinkingPolicy::kAsTemplate},
                                                  {"keep", ThinkingPolicy::kKeep},
                                                  {"drop", ThinkingPolicy::kDrop}});
  return options;
}

void AddStudent(CLI::App& app, std::string& path) {
  app.add_option("-s,--student", path,
                 "the student: a GGUF file, a Hugging Face directory, or org/name in its cache")
      ->required()
      ->type_name("FILE");
}

void AddStudentFlags(CLI::App& app, StudentFlags& flags) {
  AddStudent(app, flags.student.path);
  app.add_option("--mask", flags.mask, "scored tokens: content, turn, last or reference")
      ->type_name("POLICY")
      ->capture_default_str();
  app.add_option("--thinking", flags.thinking,
                 "reasoning: as-template, keep (that of earlier turns too) or drop")
      ->type_name("POLICY")
      ->capture_default_str();
  app.add_option("--chat-template", flags.student.chat_template,
                 "instead of the student's own: a built-in name or a Jinja file")
      ->type_name("NAME|FILE");
  app.add_option("--template-date", flags.student.template_date,
                 "what templates see as today (default: the day the run began)")
      ->type_name("DATE");
  app.add_option("--max-tokens", flags.student.max_tokens,
                 "cut longer rows on the right (default: none; rows over the context are rejected)")
      ->type_name("N")
      ->check(WholeNumber(1));
}

}  // namespace rsr::cli
