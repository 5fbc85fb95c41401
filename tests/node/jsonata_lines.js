// Evaluates JSONata, one request a line: {"package", "text", "variables"}; answers one line each: {"value"} (absent for
// an undefined result) or {"error"}, and {"depth"}, how deep evaluations were nested. With {"rows"}, a list of variables,
// one text is evaluated for each: {"answers"}.
// $hash is a function of Step Functions.
const crypto = require('node:crypto');
const readline = require('node:readline');

const compiled = new Map();

function expression(name, text) {
  const key = `${name} ${text}`;
  if (!compiled.has(key)) {
    const found = require(name)(text);
    found.registerFunction('hash', (content, algorithm) =>
      crypto.createHash(algorithm.replace('-', '').toLowerCase()).update(content, 'utf8').digest('hex'), '<s-s?:s>');
    compiled.set(key, found);
  }
  return compiled.get(key);
}

async function evaluate(request) {
  let depth = 0;
  let deepest = 0;
  try {
    const found = expression(request.package, request.text);
    found.assign(Symbol.for('jsonata.__evaluate_entry'), () => { depth += 1; deepest = Math.max(deepest, depth); });
    found.assign(Symbol.for('jsonata.__evaluate_exit'), () => { depth -= 1; });
    const value = await found.evaluate(undefined, request.variables);
    return JSON.stringify({ value, depth: deepest });
  } catch (error) {
    return JSON.stringify({ error: `${error.code}: ${error.message}`, depth: deepest });
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (!request.rows) {
      process.stdout.write(`${await evaluate(request)}\n`);
      continue;
    }
    const answers = [];
    for (const variables of request.rows) answers.push(await evaluate({ ...request, variables }));
    process.stdout.write(`{"answers": [${answers.join(',')}]}\n`);
  }
}

main();
