// Prints what cdk-nag finds in CloudFormation templates, one JSON document for each: node nag.js TEMPLATE...
const { App, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks, ServerlessChecks } = require("cdk-nag");

for (const file of process.argv.slice(2)) {
  const app = new App({ outdir: process.env.NAG_OUT });
  new CfnInclude(new Stack(app, "S"), "T", { templateFile: file });
  const found = [];
  for (const Pack of [AwsSolutionsChecks, ServerlessChecks])
    for (const violation of new Pack(app, {}).validateScope(app).violations)
      for (const resource of violation.violatingResources)
        found.push([violation.ruleName, resource.constructPath.split("/").pop()]);
  console.log(JSON.stringify(found));
}
