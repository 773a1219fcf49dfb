// Chat templates for students that carry none (base models), by the name of the format.
#include "text/chat_template.h"

namespace rsr {
namespace {

struct Builtin {
  const char* name;
  const char* source;
};

constexpr Builtin kBuiltins[] = {
    {"chatml",
     "{%- for message in messages %}"
     "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
     "{%- endfor %}"
     "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"},
    {"llama3",
     "{{ bos_token }}"
     "{%- for message in messages %}"
     "{{ '<|start_header_id|>' + ('ipython' if message['role'] == 'tool' else message['role']) + "
     "'<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}"
     "{%- endfor %}"
     "{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' "
     "}}{%- endif %}"},
    {"gemma",
     "{{ bos_token }}"
     "{%- set ns = namespace(system='') %}"
     "{%- for message in messages %}"
     "{%- if message['role'] == 'system' %}{%- set ns.system = message['content'] | trim + "
     "'\\n\\n' %}"
     "{%- else %}"
     "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') + '\\n' }}"
     "{%- if message['role'] == 'user' %}{{ ns.system }}{%- set ns.system = '' %}{%- endif %}"
     "{{ message['content'] | trim + '<end_of_turn>\\n' }}"
     "{%- endif %}"
     "{%- endfor %}"
     "{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{%- endif %}"},
    {"mistral",
     "{{ bos_token }}"
     "{%- set ns = namespace(system='') %}"
     "{%- for message in messages %}"
     "{%- if message['role'] == 'system' %}{%- set ns.system = message['content'] + '\\n\\n' %}"
     "{%- elif message['role'] == 'assistant' %}{{ ' ' + message['content'] | trim + eos_token }}"
     "{%- else %}{{ '[INST] ' + ns.system + message['content'] + ' [/INST]' }}{%- set ns.system = "
     "'' %}"
     "{%- endif %}"
     "{%- endfor %}"},
};

}  // namespace

const char* BuiltinTemplate(const std::string& name) {
  for (const Builtin& builtin : kBuiltins) {
    if (name == builtin.name) return builtin.source;
  }
  return nullptr;
}

std::vector<std::string> BuiltinTemplateNames() {
  std::vector<std::string> names;
  for (const Builtin& builtin : kBuiltins) names.emplace_back(builtin.name);
  return names;
}

}  // namespace rsr
