#!/usr/bin/env python3
"""Checks the sample data: shape of the rows, labels against the true answers, lengths, tool traces.

Prints one line a teacher. Exits 1 at the first thing that is wrong. `--table` prints the rows of
the README's table instead.
"""

import collections
import json
import pathlib
import sys

ANSWERS = {
    'p01': '10', 'p02': '15', 'p03': '12', 'p04': '1200', 'p05': '60/7', 'p06': '88π',
    'p07': '16/21', 'p08': '55', 'p09': '21', 'p10': 'Economics', 'p11': '7', 'p12': '689',
    'p13': '85/128', 'p14': '€248.80',
}
SOURCES = {'arithmetic', 'algebra', 'geometry', 'probability', 'code', 'logic'}
TEACHERS = ('terse', 'textbook', 'selfcheck')
LONG_WORDS = 1500
DATA = pathlib.Path(__file__).resolve().parent / 'data'


def expect(condition, row, what):
  if not condition:
    sys.exit(f'{row}: {what}')


def final_answer(row):
  """What stands behind the marker on the last line of the last assistant turn."""
  last_line = row['messages'][-1]['content'].splitlines()[-1]
  expect(last_line.startswith('Answer: '), row['id'], 'the last line is no "Answer: ..."')
  return last_line.removeprefix('Answer: ')


def words(row):
  return sum(len(m['content'].split()) for m in row['messages'] if m['role'] == 'assistant')


def check_tool_trace(row):
  """Calls name a declared tool with JSON arguments; results follow in the order of the calls."""
  declared = {t['function']['name'] for t in row['tools'] if t['type'] == 'function'}
  open_calls = collections.deque()
  results = 0
  for message in row['messages']:
    if message['role'] == 'tool':
      expect(open_calls, row['id'], 'a tool result without a call')
      call = open_calls.popleft()
      given = message['tool_call_id']
      expect(given == call['id'], row['id'], f'result out of order: {given}')
      json.loads(message['content'])
      results += 1
      continue
    expect(not open_calls, row['id'], 'a call without a result')
    for call in message.get('tool_calls', []):
      function = call['function']
      expect(function['name'] in declared, row['id'], f'undeclared tool {function["name"]}')
      arguments = json.loads(function['arguments'])
      expect(isinstance(arguments, dict), row['id'], 'arguments are no JSON object')
      in_text = function['name'] in message['content']
      expect(in_text, row['id'], 'the call is missing from the text of its turn')
      open_calls.append(call)
  expect(results >= 2, row['id'], 'fewer than two tool results')


def check_row(row, teacher):
  name = row['id']
  expect(row['teacher'] == teacher, name, f'teacher is {row["teacher"]}, expected {teacher}')
  expect(name == f'{row["problem_id"]}-{teacher}', name, 'id, problem and teacher disagree')
  expect(row['source'] in SOURCES, name, f'unknown source {row["source"]}')
  roles = [m['role'] for m in row['messages']]
  expect(set(roles) <= {'system', 'user', 'assistant', 'tool'}, name, f'unknown role in {roles}')
  expect('user' in roles, name, 'no user turn')
  expect(roles[-1] == 'assistant', name, 'the last turn is not the assistant\'s')
  expect(all(m['content'].strip() for m in row['messages']), name, 'an empty message')
  answer = final_answer(row)
  right = answer == ANSWERS[row['problem_id']]
  expect(row['correct'] is right, name, f'labelled {row["correct"]}, but answers {answer}')
  if teacher == 'selfcheck' and 'tools' not in row:
    text = row['messages'][-1]['content']
    one_block = text.startswith('<think>\n') and text.count('</think>') == 1
    expect(one_block, name, 'needs one think block')
    paragraphs = [p for p in text.split('\n\n') if len(p) > 40]
    expect(len(set(paragraphs)) == len(paragraphs), name, 'a repeated paragraph')
  if 'tools' in row:
    check_tool_trace(row)


def main():
  by_teacher = {}
  for teacher in TEACHERS:
    lines = (DATA / f'{teacher}.jsonl').read_bytes().decode('utf-8').splitlines()
    by_teacher[teacher] = {row['problem_id']: row for row in map(json.loads, lines)}
    rows = by_teacher[teacher]
    expect(len(lines) == len(rows), teacher, 'a problem twice')
    differing = sorted(rows.keys() ^ ANSWERS.keys())
    expect(not differing, teacher, f'problems missing or unknown: {differing}')
    for row in rows.values():
      check_row(row, teacher)
    wrong = sum(not row['correct'] for row in rows.values())
    expect(2 <= wrong <= 4, teacher, f'{wrong} wrong rows, expected 2 to 4')

  def question(teacher, problem):
    messages = by_teacher[teacher][problem]['messages']
    return [m['content'] for m in messages if m['role'] in ('system', 'user')]

  for problem in ANSWERS:
    asked = [question(teacher, problem) for teacher in TEACHERS]
    expect(asked[0] == asked[1] == asked[2], problem, 'the teachers were asked different things')
  expect(len(ANSWERS) >= 12, 'data', 'fewer than 12 problems')
  long_rows = sum(words(row) >= LONG_WORDS for row in by_teacher['selfcheck'].values())
  expect(long_rows >= 4, 'selfcheck', f'{long_rows} rows of {LONG_WORDS} words or more, expected 4')
  traces = sum('tools' in row for rows in by_teacher.values() for row in rows.values())
  expect(traces >= 1, 'data', 'no tool trace')

  if sys.argv[1:] == ['--table']:
    for problem, answer in ANSWERS.items():
      rows = [by_teacher[teacher][problem] for teacher in TEACHERS]
      cells = [problem, rows[0]['source'], answer]
      for row in rows:
        cells.append(f'{words(row)}' + ('' if row['correct'] else f', wrong: {final_answer(row)}'))
      print('| ' + ' | '.join(cells) + ' |')
    return
  for teacher, rows in by_teacher.items():
    wrong = [row['problem_id'] for row in rows.values() if not row['correct']]
    total = sum(map(words, rows.values()))
    print(f'{teacher}: {len(rows)} rows, {total} words, wrong: {", ".join(wrong)}')


if __name__ == '__main__':
  main()
