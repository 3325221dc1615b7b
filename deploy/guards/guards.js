"use strict";
// What a stage has only where its params ask for it: keys.yml, budget.yml.
// Without the param the template is as if they were not.
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");

const text = (file) => fs.readFileSync(path.join(__dirname, file), "utf8");

/** Whether a param is given, and is not 0. */
async function isOn(resolveVariable, name) {
  return !["", "0", "false"].includes(String(await resolveVariable(`param:${name}`)));
}

const keys = async ({ resolveVariable }) =>
  (await isOn(resolveVariable, "keys")) ? yaml.load(text("keys.yml")) : {};

const budget = async ({ resolveVariable, resolveConfigurationProperty }) => {
  if (!(await isOn(resolveVariable, "budget"))) return {};
  const prefix = `${await resolveVariable("self:service")}-${await resolveVariable("sls:stage")}`,
    names = Object.keys(await resolveConfigurationProperty(["functions"]));
  const functions = names.map((name) => `${prefix}-${name}`),
    found = yaml.load(text("budget.yml")),
    { BudgetStop, BudgetStopRole } = found.Resources;
  Object.assign(BudgetStop.Properties, {
    Code: { ZipFile: text("stop.py") },
    Environment: { Variables: { FUNCTIONS: functions.join(",") } },
  });
  BudgetStopRole.Properties.Policies[0].PolicyDocument.Statement[1].Resource = functions
    .flatMap((name) => [name, `${name}:*`])
    .map((name) => ({
      "Fn::Sub": `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}`,
    }));
  return found;
};

module.exports = { isOn, keys, budget };
