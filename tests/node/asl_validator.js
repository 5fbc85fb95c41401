// Reads a JSON list of definitions, writes for each what asl-validator finds wrong with it, as a list of texts.
const validator = require("asl-validator");

const definitions = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = definitions.map((definition) =>
  validator(definition).errors.map((error) => `${error["Error code"]}: ${error.Message}`),
);
process.stdout.write(JSON.stringify(found));
